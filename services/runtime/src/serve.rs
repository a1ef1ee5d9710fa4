//! HTTP and gRPC servers that stop accepting when told to, and finish what they accepted.

use std::{io, net::SocketAddr};

use axum::Router;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::{codegen::Service, server::NamedService, service::Routes, transport};

/// A port cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: cannot listen on {address}")]
pub struct BindError {
    setting: &'static str,
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// Listens; `setting` is named when that fails.
///
/// # Errors
/// The address is in use or not ours.
pub async fn bind(setting: &'static str, address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| BindError { setting, address, source })
}

/// Serves HTTP until `stop`, then finishes the requests under way.
///
/// # Errors
/// The listener failed.
pub async fn http(listener: TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// Serves one gRPC service with health and reflection until `stop`, then finishes the calls under way.
///
/// # Errors
/// The transport failed, or the descriptors for reflection are broken.
pub async fn grpc<S>(
    listener: TcpListener,
    service: S,
    descriptors: &'static [u8],
    stop: CancellationToken,
) -> io::Result<()>
where
    S: Service<axum::http::Request<tonic::body::Body>, Error = std::convert::Infallible>
        + NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    S::Response: axum::response::IntoResponse,
    S::Future: Send + 'static,
{
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<S>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(descriptors)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(io::Error::other)?;
    let routes = Routes::new(service).add_service(health).add_service(reflection);
    let stopped = async move {
        stop.cancelled().await;
        reporter.set_not_serving::<S>().await;
    };
    transport::Server::builder()
        .timeout(std::time::Duration::from_secs(30))
        .add_routes(routes)
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stopped)
        .await
        .map_err(io::Error::other)
}
