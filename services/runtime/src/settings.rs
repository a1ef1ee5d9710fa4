//! Settings that every service has. Each is a flag and an environment variable of the same name; a bad value ends
//! the start with a line that names it.

use std::time::Duration;

use clap::{Args, ValueEnum};
use sqlx::postgres::PgConnectOptions;

/// Logs go to standard error.
#[derive(Debug, Clone, Args)]
pub struct LogSettings {
    /// What to log: a level, or directives such as info,messaging=debug.
    #[arg(long, env, default_value = "info,sqlx::postgres::notice=warn", value_parser = directives)]
    pub log_level: String,
    /// How a line looks.
    #[arg(long, env, value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// For people.
    Text,
}

/// The service's own PostgreSQL database.
#[derive(Debug, Clone, Args)]
pub struct DatabaseSettings {
    /// The service's own database, such as postgres://user:password@host:5432/name.
    #[arg(long, env, hide_env_values = true)]
    pub database_url: PgConnectOptions,
    /// Most connections to it.
    #[arg(long, env, default_value_t = 16, value_parser = clap::value_parser!(u32).range(4..=1_000))]
    pub database_connections: u32,
}

/// How the process ends.
#[derive(Debug, Clone, Args)]
pub struct ShutdownSettings {
    /// How long a stopping process may drain, in seconds; after that it stops as it is.
    #[arg(long, env, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub shutdown_grace_seconds: u64,
}

impl ShutdownSettings {
    /// How long a stopping process may drain.
    #[must_use]
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.shutdown_grace_seconds)
    }
}

fn directives(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::try_new(text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}
