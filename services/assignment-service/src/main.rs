//! The process: settings, telemetry, run, exit code.

use anyhow::Result;
use assignment_service::settings::Settings;
use clap::Parser as _;

#[tokio::main]
async fn main() -> Result<()> {
    let settings = Settings::parse();
    let metrics = runtime::telemetry::start(&settings.log)?;
    let stop = runtime::lifecycle::stop_on_signal()?;
    assignment_service::run(settings, metrics, stop).await
}
