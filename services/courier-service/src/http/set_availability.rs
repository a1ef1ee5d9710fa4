//! `POST /couriers/{courierId}/available` and `/unavailable`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use dispatch_contracts::resource::Courier;
use rest::{Path, Problem, Trace, problem::TryAgain};

use super::{Api, WhichCourier, location};

/// Say that a courier takes orders
///
/// Also when it is so already: it is published again, as newer news. A body is ignored.
#[utoipa::path(
    post,
    path = "/couriers/{courierId}/available",
    tag = "couriers",
    params(
        WhichCourier,
        ("traceparent" = Option<String>, Header,
            description = "W3C trace context; the courier's event continues it. \
                A value that is not valid is passed over."),
    ),
    responses(
        (status = 202, description = "Set; the other services will hear of it", body = Courier,
            headers(("Location" = String, description = "The courier's path"))),
        (status = 400, description = "`invalid-request`: the id breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`courier-not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn available(api: State<Api>, which: Path<WhichCourier>, trace: Trace) -> Result<Response, Problem> {
    set(api, which, trace, true).await
}

/// Say that a courier takes no orders
///
/// They keep the orders they have. Also when it is so already: it is published again, as newer news. A body is not
/// read.
#[utoipa::path(
    post,
    path = "/couriers/{courierId}/unavailable",
    tag = "couriers",
    params(
        WhichCourier,
        ("traceparent" = Option<String>, Header,
            description = "W3C trace context; the courier's event continues it. \
                A value that is not valid is passed over."),
    ),
    responses(
        (status = 202, description = "Set; the other services will hear of it", body = Courier,
            headers(("Location" = String, description = "The courier's path"))),
        (status = 400, description = "`invalid-request`: the id breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`courier-not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn unavailable(api: State<Api>, which: Path<WhichCourier>, trace: Trace) -> Result<Response, Problem> {
    set(api, which, trace, false).await
}

async fn set(
    State(api): State<Api>,
    Path(WhichCourier { courier_id }): Path<WhichCourier>,
    Trace(trace): Trace,
    is_available: bool,
) -> Result<Response, Problem> {
    let courier = api.couriers.set_availability(courier_id, is_available, trace).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location(&courier))], axum::Json(courier)).into_response())
}
