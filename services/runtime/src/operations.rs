//! What operators ask of a process over HTTP: `/livez`, `/readyz`, `/metrics`, and, from the same machine only, `/log-level`.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{ConnectInfo, Extension, Request},
    http::{HeaderMap, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{Health, Telemetry};

/// Headers of whoever asks for somebody else, from wherever that is.
const FORWARDED: [&str; 2] = ["forwarded", "x-forwarded-for"];
/// Longest list of directives, in bytes.
const LONGEST: usize = 4_096;

/// The endpoints.
pub fn router(health: Arc<Health>, telemetry: Telemetry) -> Router {
    let (asked, level, changed) = (health.clone(), telemetry.log_level.clone(), telemetry.log_level.clone());
    let log_level = get(move || async move { level.get() + "\n" })
        .put(move |directives: String| async move {
            match changed.set(directives.trim()) {
                Ok(()) => {
                    tracing::warn!(directives = directives.trim(), "what is logged was changed");
                    Ok(StatusCode::NO_CONTENT)
                }
                Err(error) => Err((StatusCode::BAD_REQUEST, format!("{error}\n"))),
            }
        })
        .layer(axum::extract::DefaultBodyLimit::max(LONGEST))
        .layer(middleware::from_fn(from_here));
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(move || async move { readyz(&health).await }))
        .route(
            "/metrics",
            get(move || async move {
                // It measures what it needs by asking.
                asked.ask().await;
                telemetry.render()
            }),
        )
        .route("/log-level", log_level)
}

async fn readyz(health: &Health) -> impl IntoResponse + use<> {
    let answers = health.ask().await;
    let ready = answers.values().all(Result::is_ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let checks: BTreeMap<_, _> =
        answers.into_iter().map(|(name, answer)| (name, answer.err().unwrap_or_else(|| "ok".to_owned()))).collect();
    (status, Json(checks))
}

/// Lets nobody in but whoever is on this machine, or in this container, and asks for themselves.
async fn from_here(
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let is_local = peer.is_some_and(|Extension(ConnectInfo(peer))| peer.ip().to_canonical().is_loopback());
    if is_local && !FORWARDED.iter().any(|name| headers.contains_key(*name)) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "to be asked from the machine of the process only\n").into_response()
    }
}
