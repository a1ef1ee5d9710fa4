//! OTLP over gRPC.

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
    trace_service_server::{TraceService, TraceServiceServer},
};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status, transport::Server, transport::server::TcpIncoming};

use super::Spans;

/// Receives at this listener, until it is dropped.
pub(super) async fn serve(listener: TcpListener, spans: Spans) {
    let server = Server::builder().add_service(TraceServiceServer::new(spans));
    // A test that waits for spans says so when they do not come.
    let _ = server.serve_with_incoming(TcpIncoming::from(listener)).await;
}

#[tonic::async_trait]
impl TraceService for Spans {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.keep(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
