//! From routes to an API: documentation at `/docs`, bounds on size and time, and a [`Problem`] for whatever fails.

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use crate::{Problem, body};

const TIMEOUT: Duration = Duration::from_secs(20);

/// The routes with Swagger UI at `/docs` and the specification at `/openapi.json`.
pub fn finish(routes: OpenApiRouter) -> Router {
    let (router, spec) = routes.split_for_parts();
    router
        .merge(docs(spec))
        .fallback(|| async { Problem::not_found("no-such-resource", "There is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This path has no such method")
        })
        // Bodies are read and bounded before; axum need not do it again.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(body::read))
        .layer(middleware::from_fn(within_time))
}

fn docs(spec: OpenApi) -> SwaggerUi {
    SwaggerUi::new("/docs").url("/openapi.json", spec)
}

async fn within_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "The answer took too long, try again")
            .into_response(),
    }
}
