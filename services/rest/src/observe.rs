//! What is seen of each request from outside: a span, its trace in every line logged meanwhile, and how long it took.

use std::time::Instant;

use axum::{
    Router,
    extract::{FromRequestParts, MatchedPath, Request},
    http::{Method, request::Parts},
    middleware::{self, Next},
    response::Response,
};
use trace::{Kind, Span, TraceParent};
use tracing::Instrument as _;

use crate::extract;

/// A request's place in a trace: that of its handling, which goes on from the client's `traceparent`.
#[derive(Debug, Clone, Copy)]
pub struct Trace(pub TraceParent);

impl<S: Send + Sync> FromRequestParts<S> for Trace {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().copied().unwrap_or_else(|| Self(TraceParent::start())))
    }
}

/// Observes each request to these routes; those of an API that is [finished](crate::api::finish) are.
pub fn observed(router: Router) -> Router {
    router.layer(middleware::from_fn(observe))
}

async fn observe(mut request: Request, next: Next) -> Response {
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    // What is not valid is no reason to refuse a request: the standard says so.
    let client = extract::header(request.headers(), "traceparent", str::parse).ok().flatten();
    let mut span = Span::start(Kind::Server, format!("{method} {route}"), client);
    span.set("http.request.method", method);
    span.set("http.route", &route);
    request.extensions_mut().insert(Trace(span.context()));
    // Of the highest level, so that it is there for lines of any level.
    let lines = tracing::error_span!("request", trace.id = span.context().trace_id());

    let started = Instant::now();
    let response = next.run(request).instrument(lines).await;
    let status = response.status();
    span.set("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.failed(status);
    }
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.as_str().to_owned())];
    metrics::histogram!("http_server_request_duration_seconds", &labels).record(started.elapsed().as_secs_f64());
    response
}

/// Anybody can make up methods, and each would be a series of its own.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "(other)",
    }
}
