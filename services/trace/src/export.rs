//! Where spans go: to an OTLP receiver such as the OpenTelemetry collector, in batches, from a thread of their own. What cannot
//! be sent is dropped and said so in the log; nobody waits for it.
//!
//! The variables are the standard's: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/> and
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>. Those that are no settings here are
//! read by the SDK: `OTEL_EXPORTER_OTLP_HEADERS`, `..._TIMEOUT`, `OTEL_TRACES_SAMPLER`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_BSP_*`.

use std::{sync::OnceLock, time::Duration};

use clap::{Args, ValueEnum};
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{ExporterBuildError, Protocol as Wire, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracer, SdkTracerProvider},
};

use crate::ids::Ids;

/// How long a process that ends waits for its last spans to be sent.
const LAST: Duration = Duration::from_secs(3);

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Where spans are exported to.
#[derive(Debug, Clone, Args)]
pub struct TraceSettings {
    /// Where traces are sent to over OTLP, such as http://localhost:4318; nowhere, the default, where it is not set.
    #[arg(long, env)]
    pub otel_exporter_otlp_endpoint: Option<String>,
    /// The same for traces alone; over HTTP the whole address, with its path.
    #[arg(long, env)]
    pub otel_exporter_otlp_traces_endpoint: Option<String>,
    /// How they are sent.
    #[arg(long, env, value_enum, default_value_t = Protocol::HttpProtobuf)]
    pub otel_exporter_otlp_protocol: Protocol,
    /// The same for traces alone.
    #[arg(long, env, value_enum)]
    pub otel_exporter_otlp_traces_protocol: Option<Protocol>,
    /// Sends nothing, whatever the others say.
    #[arg(long, env, default_value_t = false)]
    pub otel_sdk_disabled: bool,
}

/// A protocol of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// Usually port 4317.
    #[value(name = "grpc")]
    Grpc,
    /// Usually port 4318. Without TLS: over the network by a collector beside the process, or by grpc.
    #[value(name = "http/protobuf")]
    HttpProtobuf,
}

/// Spans cannot be exported as the settings say.
#[derive(Debug, thiserror::Error)]
#[error("OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
pub struct ExportError(#[from] ExporterBuildError);

/// The export of this process. Where there is none, spans are no more than positions in a trace.
#[derive(Debug)]
pub struct Export(Option<SdkTracerProvider>);

/// Starts to export; call once, within a runtime. `service` and `instance` name the process.
///
/// # Errors
/// The address is none, or needs TLS where there is none.
pub fn start(settings: &TraceSettings, service: &'static str, instance: String) -> Result<Export, ExportError> {
    let Some((endpoint, protocol)) = settings.target() else { return Ok(Export(None)) };
    let exporter = match protocol {
        Protocol::Grpc => SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?,
        Protocol::HttpProtobuf if endpoint.starts_with("https:") => {
            let reason = "http/protobuf has no TLS here; use grpc, or a collector beside the process";
            return Err(ExporterBuildError::InternalFailure(reason.to_owned()).into());
        }
        Protocol::HttpProtobuf => {
            SpanExporter::builder().with_http().with_protocol(Wire::HttpBinary).with_endpoint(endpoint).build()?
        }
    };
    let mut resource = Resource::builder()
        .with_attribute(KeyValue::new("service.instance.id", instance))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name(service);
    }
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_id_generator(Ids::default())
        .with_resource(resource.build())
        .build();
    // A second start in one process, as in a test, goes on with the first one.
    TRACER.get_or_init(|| provider.tracer("dispatch"));
    Ok(Export(Some(provider)))
}

impl Export {
    /// Sends what is left, for a few seconds at most.
    pub fn end(self) {
        if let Some(provider) = self.0 {
            // What could not be sent is said by the SDK in the log.
            let _ = provider.shutdown_with_timeout(LAST);
        }
    }
}

impl TraceSettings {
    fn target(&self) -> Option<(String, Protocol)> {
        let protocol = self.otel_exporter_otlp_traces_protocol.unwrap_or(self.otel_exporter_otlp_protocol);
        // Set to nothing is not set, the standard says.
        let given = |endpoint: &Option<String>| endpoint.clone().filter(|endpoint| !endpoint.is_empty());
        let endpoint = match (given(&self.otel_exporter_otlp_traces_endpoint), protocol) {
            (Some(whole), _) => whole,
            (None, Protocol::Grpc) => given(&self.otel_exporter_otlp_endpoint)?,
            (None, Protocol::HttpProtobuf) => {
                format!("{}/v1/traces", given(&self.otel_exporter_otlp_endpoint)?.trim_end_matches('/'))
            }
        };
        (!self.otel_sdk_disabled).then_some((endpoint, protocol))
    }
}

pub(crate) fn tracer() -> Option<&'static SdkTracer> {
    TRACER.get()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        traces: TraceSettings,
    }

    fn target(arguments: &[&str]) -> Option<(String, Protocol)> {
        let arguments = std::iter::once("service").chain(arguments.iter().copied());
        Arguments::try_parse_from(arguments).expect("settings").traces.target()
    }

    #[test]
    fn the_endpoint_is_the_standards() {
        assert_eq!(target(&[]), None);
        assert_eq!(target(&["--otel-exporter-otlp-endpoint="]), None);
        let endpoint = "--otel-exporter-otlp-endpoint=http://c:4318/";
        let http = |address: &str| Some((address.to_owned(), Protocol::HttpProtobuf));
        assert_eq!(target(&[endpoint]), http("http://c:4318/v1/traces"));
        assert_eq!(target(&[endpoint, "--otel-exporter-otlp-traces-endpoint=http://d/t"]), http("http://d/t"));
        let grpc = Some(("http://c:4318/".to_owned(), Protocol::Grpc));
        assert_eq!(target(&[endpoint, "--otel-exporter-otlp-protocol=grpc"]), grpc);
        assert_eq!(target(&[endpoint, "--otel-exporter-otlp-traces-protocol=grpc"]), grpc);
        assert_eq!(target(&[endpoint, "--otel-sdk-disabled"]), None);
    }
}
