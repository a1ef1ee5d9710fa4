//! The REST API, one endpoint a file, each with its documentation.

mod create_order;
mod get_order;
mod list_orders;

use axum::http::StatusCode;
use rest::Problem;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{error::Error, lookup::CourierLookup, orders::Orders};

/// What the endpoints need.
#[derive(Debug, Clone)]
pub struct Api {
    /// The orders.
    pub orders: Orders,
    /// The couriers, at courier-service.
    pub couriers: CourierLookup,
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
