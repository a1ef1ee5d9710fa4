//! `POST /orders/{orderId}/assign`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    order::OrderStatus,
};
use rest::{
    Json, Path, Problem, Trace,
    problem::{Extended, TryAgain},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    get_decision::{self, Decision},
};
use crate::facts::PinRefusal;

/// Which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(super) struct Which {
    /// The order.
    order_id: OrderId,
}

/// Whom to give an order to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"courierId": "a97261aa-2907-498e-aa24-3bce25590a46"}))]
pub(super) struct Assign {
    /// The courier.
    courier_id: CourierId,
    /// Also where they are full, not available, or of another zone; absent: false.
    #[serde(default)]
    force: bool,
}

/// What a refusal says besides.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refused {
    /// How the order has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_status: Option<OrderStatus>,
    /// How many orders the courier has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_orders: Option<u32>,
}

/// Give an order to a courier by hand
///
/// Takes it from whoever has it, also when it is picked up. Giving it to who has it changes nothing, so this may be repeated.
#[utoipa::path(
    post,
    path = "/orders/{orderId}/assign",
    tag = "decisions",
    params(
        Which,
        ("traceparent" = Option<String>, Header,
            description = "W3C trace context; what is decided continues it. A value that is not valid is passed over."),
    ),
    request_body = Assign,
    responses(
        (status = 202, description = "The decision is made; it is about to be published", body = Decision,
         headers(("Location" = String, description = "The decision"))),
        (status = 400, description = "`invalid-request`: a field breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`order-not-found`, `courier-not-found`: no event named the order or the courier", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`order-finished`: it is delivered or cancelled, as `orderStatus` says. Without `force` also `courier-full`: the courier has as many orders as they take, `openOrders`, and `courier-away`: they take no orders of this zone now", body = Extended<Refused>, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn assign_order(
    State(api): State<Api>,
    Path(Which { order_id }): Path<Which>,
    Trace(trace): Trace,
    Json(Assign { courier_id, force }): Json<Assign>,
) -> Result<Response, Problem> {
    api.dispatch.pin(order_id, courier_id, force, trace).await??;
    let decision = get_decision::read(&api.dispatch, order_id).await?;
    let location = [(header::LOCATION, format!("/orders/{order_id}/decision"))];
    Ok((StatusCode::ACCEPTED, location, axum::Json(decision)).into_response())
}

impl From<PinRefusal> for Problem {
    fn from(refusal: PinRefusal) -> Self {
        let conflict = |slug, title| Self::new(StatusCode::CONFLICT, slug, title);
        let problem = match &refusal {
            PinRefusal::OrderNotFound => Self::not_found("order-not-found", "There is no such order"),
            PinRefusal::CourierNotFound => Self::not_found("courier-not-found", "There is no such courier"),
            PinRefusal::Finished(_) => conflict("order-finished", "The order has come to its end"),
            PinRefusal::Full { .. } => conflict("courier-full", "The courier has as many orders as they take"),
            PinRefusal::Away(_) => conflict("courier-away", "The courier takes no orders there now"),
        };
        let problem = match &refusal {
            PinRefusal::Finished(status) => {
                problem.extend(&Refused { order_status: Some(*status), ..Refused::default() })
            }
            PinRefusal::Full { open } => problem.extend(&Refused { open_orders: Some(*open), ..Refused::default() }),
            PinRefusal::OrderNotFound | PinRefusal::CourierNotFound | PinRefusal::Away(_) => problem,
        };
        problem.detail(&refusal)
    }
}
