//! The REST API, one endpoint a file, each with its documentation.

mod create_order;
mod get_history;
mod get_order;
mod list_orders;
mod take_step;

use axum::http::StatusCode;
use dispatch_contracts::{
    id::{CourierId, OrderId},
    order::OrderStatus,
    resource::Order,
};
use lookup::Couriers;
use rest::Problem;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{error::Error, orders::Orders};

/// What the endpoints need.
#[derive(Debug, Clone)]
pub struct Api {
    /// The orders.
    pub orders: Orders,
    /// The couriers, at courier-service.
    pub couriers: Couriers,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dispatch: order-service",
        description = "Orders: made here, shown here, with who has them. \
            Errors are RFC 9457 problems; clients may rely on their `type`.",
        license(name = "MIT", identifier = "MIT")
    ),
    tags((name = "orders", description = "What is to be done, where, and who does it"))
)]
struct Description;

/// The endpoints, with their documentation.
#[must_use]
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(create_order::create_order, list_orders::list_orders))
        .routes(routes!(get_order::get_order))
        .routes(routes!(take_step::pick_up))
        .routes(routes!(take_step::deliver))
        .routes(routes!(take_step::cancel))
        .routes(routes!(get_history::get_history))
}

/// Which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct WhichOrder {
    /// The order's id.
    order_id: OrderId,
}

/// How an order is now, as a problem says it; its `status` is the one of HTTP.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Standing {
    /// Where it is in its life.
    order_status: OrderStatus,
    /// Who has it; not there while nobody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    courier_id: Option<CourierId>,
}

fn location(order: &Order) -> String {
    format!("/orders/{}", order.order_id)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::OrderNotFound => Self::not_found("order-not-found", "There is no such order"),
            Error::OrderConflict => Self::new(
                StatusCode::CONFLICT,
                "order-conflict",
                "An order with this id exists, with other details, zone or priority",
            ),
            Error::ImpossibleTransition { status, courier_id } => Self::new(
                StatusCode::CONFLICT,
                "impossible-transition",
                "From how the order is now there is no such way",
            )
            .detail(format!("the order is {status}"))
            .extend(&Standing { order_status: status, courier_id }),
            Error::NoSuchPlace => Self::invalid_field("cursor", "is not a nextCursor of this list"),
            Error::IdempotencyKeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "The Idempotency-Key was used for another request",
            )
            .field("Idempotency-Key", "was used for another request"),
            Error::Database(error) => error.into(),
        }
    }
}
