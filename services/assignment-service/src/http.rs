//! The REST API, one endpoint a file: why things are as they are, and the one command. What it shows is committed.

mod assign_order;
mod get_decision;
mod get_zone;
mod list_events;
mod list_zones;

use axum::extract::FromRef;
use rest::Problem;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    dispatch::{Dispatch, DispatchError},
    facts::{Facts, FactsError},
};

/// What the endpoints work with.
#[derive(Clone)]
pub struct Api {
    /// For reading.
    pub facts: Facts,
    /// For commands.
    pub dispatch: Dispatch,
}

impl FromRef<Api> for Facts {
    fn from_ref(api: &Api) -> Self {
        api.facts.clone()
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dispatch: assignment-service",
        description = "Who got which order and why, what waits and why, and every event and decision. \
            Errors are RFC 9457 problems; clients may rely on their `type`.",
        license(name = "MIT", identifier = "MIT")
    ),
    tags(
        (name = "decisions", description = "Who got an order, or why it waits"),
        (name = "zones", description = "Couriers by score, orders in line"),
        (name = "events", description = "The event log")
    )
)]
struct Description;

/// The endpoints, with their documentation.
#[must_use]
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(get_decision::get_decision))
        .routes(routes!(assign_order::assign_order))
        .routes(routes!(list_zones::list_zones))
        .routes(routes!(get_zone::get_zone))
        .routes(routes!(list_events::list_events))
}

impl From<DispatchError> for Problem {
    fn from(error: DispatchError) -> Self {
        Self::unavailable(&error)
    }
}

impl From<FactsError> for Problem {
    fn from(error: FactsError) -> Self {
        Self::unavailable(&error)
    }
}
