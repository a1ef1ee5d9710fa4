//! The gRPC services of a process, with health and reflection beside them.

use std::{
    convert::Infallible,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use futures::stream;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, body::Body, codegen::Service, server::NamedService, service::Routes, transport};
use tonic_health::{ServingStatus, pb::health_server, server::HealthReporter};
use tonic_reflection::{
    pb::{v1::server_reflection_server as v1_server, v1alpha::server_reflection_server as v1alpha_server},
    server::Builder,
};
use trace::{Kind, Span};
use tracing::Instrument as _;

use super::{lingered, place};
use crate::LoadSettings;

/// What a call counts as that is none of a service, as far as is known.
const NO_METHOD: &str = "(none)";
/// What health calls all services together.
const ALL: &str = "";
/// Largest request, in bytes: several times what a full batch of ids takes. For `max_decoding_message_size`.
pub const LARGEST_CALL: usize = 64 * 1024;
/// Most calls on one connection at a time; HTTP/2 has the client wait with the next one.
const STREAMS: u32 = 1_000;
/// What one connection may have sent that nobody has read yet, in bytes.
const WINDOW: u32 = 256 * 1024;
/// A peer that vanished without a word is noticed after these two together, and loses its place.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// What is served on one port.
#[derive(Debug, Default)]
pub struct Services {
    routes: Routes,
    names: Vec<&'static str>,
}

impl Services {
    /// These and one more.
    #[must_use]
    pub fn with<S>(mut self, service: S) -> Self
    where
        S: Service<axum::http::Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        Self { routes: self.routes.add_service(service), names: self.names }
    }
}

/// Describes what is served here, and no other service that the descriptors have.
fn reflection<'a>(descriptors: &'a [u8], names: &[&'static str]) -> Builder<'a> {
    let beside = [health_server::SERVICE_NAME, v1_server::SERVICE_NAME, v1alpha_server::SERVICE_NAME];
    let builder = Builder::configure()
        .include_reflection_service(false)
        .register_encoded_file_descriptor_set(descriptors)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET);
    names.iter().chain(&beside).fold(builder, |builder, name| builder.with_service_name(*name))
}

/// Serves gRPC services with health and reflection until `stop`, then finishes the calls under way. A call more than
/// there may be is answered with RESOURCE_EXHAUSTED, and one that takes too long with UNAVAILABLE.
///
/// # Errors
/// The transport failed, or the descriptors for reflection are broken.
pub async fn grpc(
    listener: TcpListener,
    services: Services,
    descriptors: &'static [u8],
    load: LoadSettings,
    stop: CancellationToken,
) -> io::Result<()> {
    let Services { routes, names } = services;
    let (reporter, health) = tonic_health::server::health_reporter();
    report(&reporter, &names, ServingStatus::Serving).await;
    let v1 = reflection(descriptors, &names).build_v1().map_err(io::Error::other)?;
    // Many a tool knows only this one, grpc's own for Python among them.
    let v1alpha = reflection(descriptors, &names).build_v1alpha().map_err(io::Error::other)?;
    // The bounds are around these alone: health is asked also of a process that has too much to do.
    let bounded = admitting(routes.into_axum_router(), &load);
    let routes = Routes::from(bounded).add_service(health).add_service(v1).add_service(v1alpha);
    let stopping = stop.clone();
    let stopped = async move {
        stopping.cancelled().await;
        report(&reporter, &names, ServingStatus::NotServing).await;
    };
    let places = Arc::new(Semaphore::new(load.max_connections as usize));
    let connections = stream::unfold((listener, places), |(mut listener, places)| async {
        Some((place::accept(&mut listener, places.clone()).await, (listener, places)))
    });
    let serving = transport::Server::builder()
        .max_concurrent_streams(STREAMS)
        .initial_connection_window_size(WINDOW)
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_TIMEOUT))
        .add_routes(routes)
        .serve_with_incoming_shutdown(connections, stopped);
    let late = async {
        stop.cancelled().await;
        lingered(&load).await;
    };
    tokio::select! {
        served = serving => served.map_err(io::Error::other),
        () = late => Ok(()),
    }
}

/// Says of each service, and of all together, how it is.
async fn report(reporter: &HealthReporter, names: &[&'static str], status: ServingStatus) {
    for name in names.iter().copied().chain([ALL]) {
        reporter.set_service_status(name, status).await;
    }
}

/// Marks the answer to a call that reached no service.
#[derive(Clone)]
struct Shed;

#[derive(Clone)]
struct Bounds {
    free: Arc<Semaphore>,
    time: Duration,
}

fn admitting(service: Router, load: &LoadSettings) -> Router {
    for reason in ["calls", "timeout"] {
        metrics::counter!("dispatch_requests_shed_total", "reason" => reason).increment(0);
    }
    let free = Arc::new(Semaphore::new(load.max_requests as usize));
    let bounds = Bounds { free, time: load.request_timeout() };
    service.layer(middleware::from_fn_with_state(bounds, admit)).layer(middleware::from_fn(observe))
}

/// Every call: a span, its trace in every line logged meanwhile, and how long it took.
async fn observe(request: Request, next: Next) -> Response {
    let call = request.uri().path().trim_start_matches('/').to_owned();
    let client = request.headers().get("traceparent").and_then(|parent| parent.to_str().ok()?.parse().ok());
    let mut span = Span::start(Kind::Server, call.clone(), client);
    span.set("rpc.system", "grpc");
    let lines = tracing::error_span!("call", trace.id = span.context().trace_id());

    let started = Instant::now();
    let response = next.run(request).instrument(lines).await;
    // An answer without a status at its head is one with a body, and went well as far as is known here.
    let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
    if code != Code::Ok {
        span.failed(format!("{code:?}"));
    }
    // Anybody can make up calls, and each would be a series of its own. Of what was shed nobody knows whether it is one.
    let is_known = code != Code::Unimplemented && response.extensions().get::<Shed>().is_none();
    let method = if is_known { call } else { NO_METHOD.to_owned() };
    metrics::histogram!("rpc_server_duration_seconds", "method" => method, "code" => format!("{code:?}"))
        .record(started.elapsed().as_secs_f64());
    response
}

async fn admit(State(bounds): State<Bounds>, request: Request, next: Next) -> Response {
    let Ok(_place) = bounds.free.try_acquire() else {
        metrics::counter!("dispatch_requests_shed_total", "reason" => "calls").increment(1);
        let mut response = Status::resource_exhausted("too many calls are under way, try again").into_http();
        response.extensions_mut().insert(Shed);
        return response;
    };
    match tokio::time::timeout(bounds.time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            metrics::counter!("dispatch_requests_shed_total", "reason" => "timeout").increment(1);
            Status::unavailable("the answer took too long, try again").into_http()
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tower::ServiceExt as _;

    use super::*;

    #[test]
    fn calls_that_were_made_up_and_shed_are_no_series_of_their_own() {
        let time = Duration::from_secs(1);
        let full = Bounds { free: Arc::new(Semaphore::new(0)), time };
        let service = Router::new().layer(middleware::from_fn_with_state(full, admit));
        let service = service.layer(middleware::from_fn(observe));
        let here = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            for path in ["/made.up.One/Call", "/made.up.Two/Call"] {
                let request = Request::builder().uri(path).body(axum::body::Body::empty()).expect("a request");
                let response = here.block_on(service.clone().oneshot(request)).expect("an answer");
                assert_eq!(
                    Status::from_header_map(response.headers()).map(|s| s.code()),
                    Some(Code::ResourceExhausted)
                );
            }
        });
        let shown = recorder.handle().render();
        assert!(shown.contains(r#"method="(none)",code="ResourceExhausted""#) && !shown.contains("made.up"), "{shown}");
    }
}
