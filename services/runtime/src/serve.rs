//! HTTP and gRPC servers: bounded in connections, calls and time. They stop accepting when told to, and finish what they
//! accepted.

mod grpc;
mod http;
mod place;

use std::{io, net::SocketAddr, time::Duration};

use tokio::net::TcpListener;

pub use self::{
    grpc::{LARGEST_CALL, Services, grpc},
    http::{Http, http},
};
use crate::LoadSettings;

/// How much longer a stopping server waits for its connections than any request may take: what is still there then is a
/// client that connected and never sent all of its request, and the process need not wait for it.
const LINGER: Duration = Duration::from_secs(1);

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

/// When a stopping server has waited long enough.
async fn lingered(load: &LoadSettings) {
    tokio::time::sleep(load.request_timeout() + LINGER).await;
    tracing::info!("connections that never sent a request were dropped");
}
