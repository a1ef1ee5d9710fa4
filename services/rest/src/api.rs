//! From routes to an API: documentation at `/docs`, bounds on size, number and time, and a [`Problem`] for whatever
//! fails.

use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    Problem, body,
    load::{self, Limits},
    observe, problem,
};

/// The routes with Swagger UI at `/docs` and the specification at `/openapi.json`.
pub fn finish(routes: OpenApiRouter, limits: &Limits) -> Router {
    problem::count_from_zero();
    let (router, spec) = routes.split_for_parts();
    let router = router
        .merge(docs(spec))
        .fallback(|| async { Problem::not_found("no-such-resource", "There is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This path has no such method")
        })
        // Bodies are read and bounded before; axum need not do it again.
        .layer(DefaultBodyLimit::disable());
    // From the inside out. A place is taken only when the body is here, so that a slow client cannot hold one.
    let router = load::admitting(router, limits).layer(middleware::from_fn(body::read));
    observe::observed(load::within_time(router, limits))
}

/// What a connection gets that is one too many: each request is told to come again.
pub fn turned_away(limits: &Limits) -> Router {
    let router = Router::new()
        .fallback(|| async { Problem::overloaded("connections", "there are too many connections") })
        .layer(middleware::from_fn(body::read));
    load::within_time(router, limits)
}

fn docs(spec: OpenApi) -> SwaggerUi {
    SwaggerUi::new("/docs").url("/openapi.json", spec)
}
