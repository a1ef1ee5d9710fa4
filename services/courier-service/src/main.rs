//! The process: settings, telemetry, [`courier_service::run`], exit code.

use std::process::ExitCode;

use clap::Parser as _;
use courier_service::{run, settings::Settings};
use runtime::{lifecycle::stop_on_signal, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    let settings = Settings::parse();
    match start(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("courier-service: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn start(settings: Settings) -> anyhow::Result<()> {
    let metrics = telemetry::start(&settings.log)?;
    let stop = stop_on_signal()?;
    Ok(run(settings, metrics, stop).await?)
}
