//! `POST /couriers/{courierId}/orders/{orderId}/reject`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    resource::Pair,
};
use rest::{
    Path, Problem, Trace,
    problem::{Extended, TryAgain},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Api, Standing};

/// Which order of which courier.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(super) struct Which {
    /// The courier's id.
    courier_id: CourierId,
    /// The order's id.
    order_id: OrderId,
}

/// Decline an order
///
/// Possible while it is assigned to the courier. The answer comes when the event that asks for another courier is
/// durable; the order is with this one until that is decided. Asking again is safe. A body is ignored.
#[utoipa::path(
    post,
    path = "/couriers/{courierId}/orders/{orderId}/reject",
    tag = "pairs",
    params(
        Which,
        ("traceparent" = Option<String>, Header,
            description = "W3C trace context; the event continues it. A value that is not valid is passed over."),
    ),
    responses(
        (status = 202, description = "Asked for; the pair as it still is", body = Pair,
            headers(("Location" = String, description = "The path of the courier's orders"))),
        (status = 400, description = "`invalid-request`: an id breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`courier-not-found`, or `order-not-found`: nobody ever had or ended the order", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not-their-order`: another courier has it. `impossible-transition`: it waits, is picked up, delivered or cancelled; `orderStatus` says which", body = Extended<Standing>, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn reject_order(
    State(api): State<Api>,
    Path(Which { courier_id, order_id }): Path<Which>,
    Trace(trace): Trace,
) -> Result<Response, Problem> {
    let pair = api.pairs.reject(courier_id, order_id, trace).await?;
    let location = [(header::LOCATION, format!("/couriers/{courier_id}/orders"))];
    Ok((StatusCode::ACCEPTED, location, axum::Json(pair)).into_response())
}
