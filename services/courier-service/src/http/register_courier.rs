//! `PUT /couriers/{courierId}`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use dispatch_contracts::{
    courier::{Capacity, Name},
    resource::Courier,
    zone::Zone,
};
use rest::{Json, Path, Problem, Trace, problem::TryAgain};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Api, WhichCourier, location};
use crate::{couriers::Registered, domain::Registration};

/// What to register of a courier. It replaces what was registered before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"name": "first_courirer", "zone": "S", "isAvailable": true}))]
pub(super) struct CourierRegistration {
    name: Name,
    zone: Zone,
    /// If left out: a new courier is available, and one who is known stays as they are.
    #[serde(default)]
    is_available: Option<bool>,
    /// Most open orders at once. If left out: no limit.
    #[serde(default)]
    capacity: Option<Capacity>,
}

/// Register a courier, or change one
///
/// The answer comes when the courier and the event that tells the other services are durable.
#[utoipa::path(
    put,
    path = "/couriers/{courierId}",
    tag = "couriers",
    params(
        WhichCourier,
        ("traceparent" = Option<String>, Header,
            description = "W3C trace context; the courier's event continues it. \
                A value that is not valid is passed over."),
    ),
    request_body = CourierRegistration,
    responses(
        (status = 201, description = "Registered", body = Courier,
            headers(("Location" = String, description = "The courier's path"))),
        (status = 202, description = "Changed; the other services will hear of it", body = Courier,
            headers(("Location" = String, description = "The courier's path"))),
        (status = 400, description = "`invalid-request`: a field breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn register_courier(
    State(api): State<Api>,
    Path(WhichCourier { courier_id }): Path<WhichCourier>,
    Trace(trace): Trace,
    Json(body): Json<CourierRegistration>,
) -> Result<Response, Problem> {
    let registration = Registration {
        courier_id,
        name: body.name,
        zone: body.zone,
        is_available: body.is_available,
        capacity: body.capacity,
    };
    let Registered { courier, is_new } = api.couriers.register(&registration, trace).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    Ok((status, [(header::LOCATION, location(&courier))], axum::Json(courier)).into_response())
}
