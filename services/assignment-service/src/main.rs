//! The process: settings, telemetry, [`assignment_service::run`], exit code.

use std::process::ExitCode;

use assignment_service::{run, settings::Settings};
use clap::Parser as _;
use runtime::{lifecycle::stop_on_signal, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    let settings = Settings::parse();
    match start(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("assignment-service: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn start(settings: Settings) -> anyhow::Result<()> {
    let metrics = telemetry::start(&settings.log)?;
    let stop = stop_on_signal()?;
    Ok(run(settings, metrics, stop).await?)
}
