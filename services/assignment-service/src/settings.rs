//! The settings of the service: each a flag and an environment variable.

use std::{net::SocketAddr, time::Duration};

use clap::Parser;
use messaging::{AwsSettings, ConsumerSettings, publisher::topic_arn};
use runtime::{DatabaseSettings, LogSettings, ShutdownSettings};

use crate::dispatch::sweep::SweepSettings;

/// Decides which courier gets which order, and records why.
#[derive(Debug, Clone, Parser)]
#[command(name = "assignment-service", version)]
pub struct Settings {
    /// Where REST, /docs, /livez, /readyz and /metrics listen.
    #[arg(long, env, default_value = "0.0.0.0:9325")]
    pub http_addr: SocketAddr,
    /// Where gRPC listens.
    #[arg(long, env, default_value = "0.0.0.0:9326")]
    pub grpc_addr: SocketAddr,
    /// Redis or Valkey, such as redis://localhost:9379.
    #[arg(long, env, hide_env_values = true, value_parser = redis_client)]
    pub redis_url: redis::Client,
    /// The queue with all events.
    #[arg(long, env, default_value = "events-queue")]
    pub events_queue: String,
    /// Where assignments are published.
    #[arg(
        long,
        env,
        default_value = "arn:aws:sns:eu-west-2:123450000001:assignment-topic",
        value_parser = topic_arn
    )]
    pub assignment_topic_arn: String,
    /// Pause between two sweeps for what a crash left, in seconds.
    #[arg(long, env, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub sweep_interval_seconds: u64,
    /// After how long a pick that is not recorded is taken for that of a dead process, in seconds.
    #[arg(long, env, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub unrecorded_age_seconds: u64,
    /// The service's own database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// SNS and SQS.
    #[command(flatten)]
    pub aws: AwsSettings,
    /// How events are consumed.
    #[command(flatten)]
    pub consumer: ConsumerSettings,
    /// What is logged.
    #[command(flatten)]
    pub log: LogSettings,
    /// How the process ends.
    #[command(flatten)]
    pub shutdown: ShutdownSettings,
}

impl Settings {
    /// How to sweep.
    #[must_use]
    pub fn sweep(&self) -> SweepSettings {
        SweepSettings {
            interval: Duration::from_secs(self.sweep_interval_seconds),
            unrecorded_age: Duration::from_secs(self.unrecorded_age_seconds),
        }
    }
}

fn redis_client(url: &str) -> Result<redis::Client, String> {
    redis::Client::open(url).map_err(|error| error.to_string())
}
