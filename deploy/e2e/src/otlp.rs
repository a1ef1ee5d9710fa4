//! A receiver of traces, as the OpenTelemetry collector is one: keeps each span that services send to it over OTLP.

mod grpc;
mod http;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, Result};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span as Sent,
};
use test_support::eventually;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// A span that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Who sent it.
    pub service: String,
    /// What it is about.
    pub name: String,
    /// Its own id, hexadecimal as all of them.
    pub id: String,
    /// The span that caused it; empty: none.
    pub parent: String,
    /// Its text attributes.
    pub attributes: BTreeMap<String, String>,
}

/// The receiver, until it is dropped.
pub struct Collector {
    spans: Spans,
    address: String,
    /// What services have to be told; over the protocol that is the default, nothing.
    protocol: Option<&'static str>,
    _serving: AbortOnDropHandle<()>,
}

/// By trace.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<BTreeMap<String, Vec<Span>>>>);

impl Collector {
    /// Receives over gRPC, on a free port.
    ///
    /// # Errors
    /// There is none.
    pub async fn over_grpc() -> Result<Self> {
        Self::start(Some("grpc"), grpc::serve).await
    }

    /// Receives over HTTP, as services send where no protocol is chosen, on a free port.
    ///
    /// # Errors
    /// There is none.
    pub async fn over_http() -> Result<Self> {
        Self::start(None, http::serve).await
    }

    async fn start<S>(protocol: Option<&'static str>, serve: impl FnOnce(TcpListener, Spans) -> S) -> Result<Self>
    where
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let spans = Spans::default();
        let serving = AbortOnDropHandle::new(tokio::spawn(serve(listener, spans.clone())));
        Ok(Self { spans, address, protocol, _serving: serving })
    }

    /// The settings of a service that sends its spans here, soon.
    #[must_use]
    pub fn settings(&self) -> Vec<(&str, &str)> {
        let protocol = self.protocol.map(|protocol| ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol));
        let here = [("OTEL_EXPORTER_OTLP_ENDPOINT", self.address.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "200")];
        here.into_iter().chain(protocol).collect()
    }

    /// The spans of a trace, once `wanted` are among them: who sent it, and its name.
    ///
    /// # Errors
    /// They do not come.
    pub async fn until(&self, trace: &str, wanted: &[(&str, &str)]) -> Result<Vec<Span>> {
        eventually("the spans have come", || async {
            let spans = self.spans.0.lock().unwrap_or_else(PoisonError::into_inner);
            let spans = spans.get(trace).cloned().unwrap_or_default();
            let names: BTreeSet<_> = spans.iter().map(|span| (span.service.as_str(), span.name.as_str())).collect();
            Ok(wanted.iter().all(|wanted| names.contains(wanted)).then_some(spans))
        })
        .await
        .with_context(|| {
            let spans = self.spans.0.lock().unwrap_or_else(PoisonError::into_inner);
            format!("wanted in {trace}: {wanted:?}; there are {:#?}", spans.get(trace))
        })
    }
}

impl Spans {
    fn keep(&self, request: ExportTraceServiceRequest) {
        for of_process in request.resource_spans {
            let resource = attributes(of_process.resource.map(|resource| resource.attributes).unwrap_or_default());
            let service = resource.get("service.name").cloned().unwrap_or_default();
            for sent in of_process.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                self.keep_one(&service, sent);
            }
        }
    }

    fn keep_one(&self, service: &str, sent: Sent) {
        let span = Span {
            service: service.to_owned(),
            name: sent.name,
            id: hex(&sent.span_id),
            parent: hex(&sent.parent_span_id),
            attributes: attributes(sent.attributes),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(hex(&sent.trace_id)).or_default().push(span);
    }
}

fn attributes(sent: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |KeyValue { key, value, .. }| match value?.value? {
        Value::StringValue(text) => Some((key, text)),
        _ => None,
    };
    sent.into_iter().filter_map(text).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
