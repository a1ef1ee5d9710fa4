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

/// How much the process takes on at a time. What is beyond is refused at once, so that the rest is answered in time.
#[derive(Debug, Clone, Copy, Args)]
pub struct LoadSettings {
    /// Most requests under way at a time, over REST and over gRPC each; one more is answered with 503, or with
    /// RESOURCE_EXHAUSTED.
    #[arg(long, env, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_requests: u32,
    /// Most connections at a time, to REST and to gRPC each.
    #[arg(long, env, default_value_t = 1_024, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_connections: u32,
    /// Longest that a request may take, in seconds; past it the answer is 503, or UNAVAILABLE.
    #[arg(long, env, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub request_timeout_seconds: u64,
    /// How many events may wait to be published before REST refuses, with 503, what would add to them.
    #[arg(long, env, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub max_outbox: u64,
}

impl LoadSettings {
    /// Longest that a request may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds)
    }
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
