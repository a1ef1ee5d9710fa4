//! The REST API, one endpoint a file, each with its documentation.

mod expand;
mod get_courier;
mod get_order_courier;
mod list_courier_orders;
mod list_couriers;
mod register_courier;
mod set_availability;

use axum::http::HeaderMap;
use dispatch_contracts::{id::CourierId, resource::Courier};
use messaging::TraceParent;
use rest::{Problem, extract};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{couriers::Couriers, error::Error, lookup::OrderLookup, pairs::Pairs};

/// What the endpoints need.
#[derive(Debug, Clone)]
pub struct Api {
    /// The couriers.
    pub couriers: Couriers,
    /// The pairs.
    pub pairs: Pairs,
    /// The orders, at order-service.
    pub orders: OrderLookup,
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
}

/// Which courier.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct WhichCourier {
    /// The courier's id.
    courier_id: CourierId,
}

fn location(courier: &Courier) -> String {
    format!("/couriers/{}", courier.courier_id)
}

/// The trace that a request belongs to. What is not valid is no reason to refuse a request: the standard says so.
fn trace(headers: &HeaderMap) -> TraceParent {
    extract::header(headers, "traceparent", str::parse).ok().flatten().unwrap_or_else(TraceParent::start)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::CourierNotFound => Self::not_found("courier-not-found", "There is no such courier"),
            Error::OrderNotAssigned => Self::not_found("order-not-assigned", "The order is with no courier now"),
            Error::Database(error) => error.into(),
        }
    }
}
