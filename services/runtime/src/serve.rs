//! HTTP and gRPC servers that stop accepting when told to, and finish what they accepted.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use axum::Router;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::{codegen::Service, server::NamedService, service::Routes, transport};

/// How long a stopping server waits for its connections. Longer than any request may take: what is still there then is
/// a client that connected and never sent all of its request, and the process need not wait for it.
const LINGER: Duration = Duration::from_secs(21);
/// Longest that a gRPC call may take; REST has the same bound.
const CALL: Duration = Duration::from_secs(20);

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
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    lingering(async move { serving.await }, stop).await
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
    let stopping = stop.clone();
    let stopped = async move {
        stopping.cancelled().await;
        reporter.set_not_serving::<S>().await;
    };
    let server = transport::Server::builder().timeout(CALL).add_routes(routes);
    let serving = server.serve_with_incoming_shutdown(TcpListenerStream::new(listener), stopped);
    lingering(async { serving.await.map_err(io::Error::other) }, stop).await
}

/// Serves until done, but after `stop` no longer than [`LINGER`].
async fn lingering(serving: impl Future<Output = io::Result<()>>, stop: CancellationToken) -> io::Result<()> {
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(LINGER).await;
    };
    tokio::select! {
        served = serving => served,
        () = late => {
            tracing::info!("connections that never sent a request were dropped");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt as _, net::TcpStream};

    use super::*;

    /// The clock stands still and jumps when there is nothing to do, so this takes no time.
    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_sends_its_request_does_not_keep_a_stopping_server() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        client.write_all(b"GET / HTTP/1.1\r\nHo").await.expect("half a request");
        let stop = CancellationToken::new();
        let server = tokio::spawn(http(listener, Router::new(), stop.clone()));
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(!server.is_finished(), "only a server that stops is in a hurry");
        stop.cancel();
        assert!(matches!(server.await, Ok(Ok(()))));
    }
}
