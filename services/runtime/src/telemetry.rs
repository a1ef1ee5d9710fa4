//! Logs and metrics of the process.

pub use metrics_exporter_prometheus::PrometheusHandle;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::settings::{LogFormat, LogSettings};

/// Seconds, for everything that is a duration.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];

/// Starts both; call once, first thing.
///
/// # Errors
/// They were started already.
pub fn start(settings: &LogSettings) -> Result<PrometheusHandle, BuildError> {
    let filter = EnvFilter::new(&settings.log_level);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    match settings.log_format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).init(),
        LogFormat::Text => registry.with(lines).init(),
    }
    PrometheusBuilder::new().set_buckets(&BUCKETS)?.install_recorder()
}
