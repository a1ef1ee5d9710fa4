//! OTLP over HTTP, in protobuf: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>. What is not that is refused, as by a
//! real collector.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
    routing::post,
};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use prost::Message as _;
use tokio::net::TcpListener;

use super::Spans;

const PROTOBUF: &str = "application/x-protobuf";

/// Receives at this listener, until it is dropped.
pub(super) async fn serve(listener: TcpListener, spans: Spans) {
    let routes = Router::new().route("/v1/traces", post(export)).with_state(spans);
    // A test that waits for spans says so when they do not come.
    let _ = axum::serve(listener, routes).await;
}

async fn export(State(spans): State<Spans>, headers: HeaderMap, body: Bytes) -> Response {
    if headers.get(CONTENT_TYPE).is_none_or(|kind| kind != PROTOBUF) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let Ok(request) = ExportTraceServiceRequest::decode(body) else { return StatusCode::BAD_REQUEST.into_response() };
    spans.keep(request);
    ([(CONTENT_TYPE, PROTOBUF)], ExportTraceServiceResponse::default().encode_to_vec()).into_response()
}
