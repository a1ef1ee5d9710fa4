//! The REST API, one endpoint a file, each with its documentation.

mod expand;
mod get_courier;
mod get_order_courier;
mod list_courier_orders;
mod list_couriers;
mod register_courier;
mod reject_order;
mod set_availability;

use axum::http::StatusCode;
use dispatch_contracts::{id::CourierId, order::OrderStatus, resource::Courier};
use lookup::Orders;
use rest::Problem;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{couriers::Couriers, error::Error, pairs::Pairs};

/// What the endpoints need.
#[derive(Debug, Clone)]
pub struct Api {
    /// The couriers.
    pub couriers: Couriers,
    /// The pairs.
    pub pairs: Pairs,
    /// The orders, at order-service.
    pub orders: Orders,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dispatch: courier-service",
        description = "Couriers, and which order is with which of them. \
            Errors are RFC 9457 problems; clients may rely on their `type`.",
        license(name = "MIT", identifier = "MIT")
    ),
    tags(
        (name = "couriers", description = "Who takes orders, and where"),
        (name = "pairs", description = "Which order is with which courier")
    )
)]
struct Description;

/// The endpoints, with their documentation.
#[must_use]
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(list_couriers::list_couriers))
        .routes(routes!(get_courier::get_courier, register_courier::register_courier))
        .routes(routes!(set_availability::available))
        .routes(routes!(set_availability::unavailable))
        .routes(routes!(list_courier_orders::list_courier_orders))
        .routes(routes!(get_order_courier::get_order_courier))
        .routes(routes!(reject_order::reject_order))
}

/// Which courier.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct WhichCourier {
    /// The courier's id.
    courier_id: CourierId,
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

fn location(courier: &Courier) -> String {
    format!("/couriers/{}", courier.courier_id)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::CourierNotFound => Self::not_found("courier-not-found", "There is no such courier"),
            Error::OrderNotFound => Self::not_found("order-not-found", "No courier was ever given this order"),
            Error::NotTheirOrder { status, courier_id } => {
                Self::new(StatusCode::CONFLICT, "not-their-order", "Another courier has the order")
                    .detail(format!("the order is with courier {courier_id}"))
                    .extend(&Standing { order_status: status, courier_id: Some(courier_id) })
            }
            Error::ImpossibleTransition { status, courier_id } => Self::new(
                StatusCode::CONFLICT,
                "impossible-transition",
                "From how the order is now there is no such way",
            )
            .detail(format!("the order is {status}"))
            .extend(&Standing { order_status: status, courier_id }),
            Error::OrderNotAssigned => Self::not_found("order-not-assigned", "The order is with no courier now"),
            Error::Database(error) => error.into(),
        }
    }
}
