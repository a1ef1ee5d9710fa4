//! Logs, metrics and traces of the process.

mod log_level;
mod process;
mod statements;

use std::{io, sync::Arc, time::Duration};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::task::AbortOnDropHandle;
use trace::export::{self, Export, ExportError, TraceSettings};
use tracing_subscriber::{Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

pub use self::log_level::LogLevel;
use self::statements::Statements;
use crate::{
    instance,
    settings::{LogFormat, LogSettings},
};

/// Seconds, for what a process waits for.
const TIMES: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];
/// Seconds, for what waits until somebody can take it.
const WAITS: [f64; 14] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0];
/// Messages.
const BATCHES: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0];
/// Between two times that what histograms were told is added up. Until then each single value is kept.
const UPKEEP: Duration = Duration::from_secs(5);

/// What is seen of the process from outside. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Telemetry {
    metrics: PrometheusHandle,
    /// Ends with the last clone.
    _upkeep: Arc<AbortOnDropHandle<()>>,
    /// What is logged; may be changed while the process runs.
    pub log_level: LogLevel,
}

/// Telemetry cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// It was started already.
    #[error("metrics: {0}")]
    Metrics(#[from] BuildError),
    /// There is no such receiver of traces.
    #[error(transparent)]
    Traces(#[from] ExportError),
}

/// Starts all three; call once, first thing, within the runtime. The export has to be ended last.
///
/// # Errors
/// They were started already, or traces cannot be exported as the settings say.
pub fn start(
    service: &'static str,
    logs: &LogSettings,
    traces: &TraceSettings,
) -> Result<(Telemetry, Export), TelemetryError> {
    let (filter, log_level) = LogLevel::new(&logs.log_level);
    let lines = match logs.log_format {
        LogFormat::Json => json_subscriber::layer()
            .with_writer(io::stderr)
            .flatten_event(true)
            .with_current_span(false)
            .flatten_span_list_on_top_level(true)
            .with_filter(filter)
            .boxed(),
        LogFormat::Text => tracing_subscriber::fmt::layer().with_writer(io::stderr).with_filter(filter).boxed(),
    };
    tracing_subscriber::registry().with(lines).with(Statements.filtered()).init();
    let metrics = PrometheusBuilder::new()
        .set_buckets(&TIMES)?
        .set_buckets_for_metric(Matcher::Full("dispatch_message_batch_size".to_owned()), &BATCHES)?
        .set_buckets_for_metric(Matcher::Full("dispatch_message_age_seconds".to_owned()), &WAITS)?
        .set_buckets_for_metric(Matcher::Full("dispatch_order_wait_seconds".to_owned()), &WAITS)?
        .install_recorder()?;
    metrics::gauge!("dispatch_build_info", "service" => service, "version" => env!("CARGO_PKG_VERSION")).set(1);
    let upkeep = Arc::new(AbortOnDropHandle::new(tokio::spawn(keep_up(metrics.clone()))));
    Ok((Telemetry { metrics, _upkeep: upkeep, log_level }, export::start(traces, service, instance::name())?))
}

/// Adds up for ever. A scrape does it, too, but nobody has to scrape, and the values of days would fill the memory.
async fn keep_up(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        metrics.run_upkeep();
    }
}

impl Telemetry {
    /// The metrics as they are now, in the text format of Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        process::measure();
        self.metrics.render()
    }
}
