//! The process: settings, telemetry, [`assignment_service::run`], exit code. Or one of an operator's commands: `dlq`,
//! `replay`, `rebuild`.

use std::process::ExitCode;

use assignment_service::{operate, run, settings::Settings};
use clap::{CommandFactory as _, FromArgMatches as _};
use messaging::dead_letters::Dlq;
use runtime::{lifecycle::stop_on_signal, local, telemetry};

/// The settings that name the queues of the service.
const QUEUES: &[&str] = &["events_queue"];

#[tokio::main]
async fn main() -> ExitCode {
    start().await.unwrap_or_else(|error| {
        eprintln!("assignment-service: {error:#}");
        ExitCode::FAILURE
    })
}

async fn start() -> anyhow::Result<ExitCode> {
    let arguments = operate::add_to(Dlq::add_to(local::add_to(Settings::command()))).get_matches();
    if let Some(dlq) = Dlq::asked(&arguments, QUEUES)? {
        return Ok(dlq.run(&stop_on_signal()?).await?.into());
    }
    if let Some(ended) = operate::asked(&arguments, &stop_on_signal()?).await? {
        return Ok(ended.into());
    }
    if let Some(ended) = local::asked(&arguments).await? {
        return Ok(ended);
    }
    let settings = Settings::from_arg_matches(&arguments)?;
    let (telemetry, traces) = telemetry::start("assignment-service", &settings.log, &settings.traces)?;
    let ended = run(settings, telemetry, stop_on_signal()?).await;
    traces.end();
    Ok(ended.map(|()| ExitCode::SUCCESS)?)
}
