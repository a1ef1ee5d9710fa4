//! A gRPC server on a port of its own, and places where there is none.

use anyhow::Result;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use tonic::{
    Request, Status,
    transport::{Endpoint, server::Router, server::TcpIncoming},
};

/// Nobody listens there.
pub(crate) fn closed() -> Endpoint {
    Endpoint::from_static("http://127.0.0.1:1")
}

/// Serves until the handle is dropped.
pub(crate) async fn serve(services: Router) -> Result<(Endpoint, AbortOnDropHandle<()>)> {
    let (address, listener) = silent().await?;
    let task = tokio::spawn(async move {
        let _ = services.serve_with_incoming(TcpIncoming::from(listener)).await;
    });
    Ok((address, AbortOnDropHandle::new(task)))
}

/// While nobody serves it, the kernel accepts and nobody ever answers.
pub(crate) async fn silent() -> Result<(Endpoint, TcpListener)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    Ok((Endpoint::from_shared(format!("http://{}", listener.local_addr()?))?, listener))
}

/// Every call has to say how long its sender waits.
pub(crate) fn demand_deadline<M>(request: &Request<M>) -> Result<(), Status> {
    let told = request.metadata().get("grpc-timeout").is_some();
    if told { Ok(()) } else { Err(Status::invalid_argument("a call has a deadline")) }
}
