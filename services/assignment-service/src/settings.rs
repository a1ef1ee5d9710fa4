//! The settings of the service: each a flag and an environment variable.

use std::{net::SocketAddr, time::Duration};

use clap::{Args, Parser};
use messaging::{AwsSettings, ConsumerSettings, publisher::topic_arn};
use runtime::{DatabaseSettings, LoadSettings, LogSettings, ShutdownSettings};
use trace::export::TraceSettings;

use crate::{
    board::BoardSettings,
    choice::RedisSettings,
    dispatch::sweep::SweepSettings,
    domain::policy::{Policy, Selection, Window},
};

/// Decides which courier gets which order, and records why.
#[derive(Debug, Clone, Parser)]
#[command(name = "assignment-service", version)]
pub struct Settings {
    /// Where the board, REST, /docs, /livez, /readyz and /metrics listen.
    #[arg(long, env, default_value = "0.0.0.0:9325")]
    pub http_addr: SocketAddr,
    /// Where gRPC listens.
    #[arg(long, env, default_value = "0.0.0.0:9326")]
    pub grpc_addr: SocketAddr,
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
    /// Pause between two comparisons of all of Redis with the database, in seconds.
    #[arg(long, env, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub reconcile_interval_seconds: u64,
    /// For how many whole days besides today the event log is kept; 0: for ever.
    #[arg(long, env, default_value_t = 90, value_parser = clap::value_parser!(u64).range(..=36_500))]
    pub log_retention_days: u64,
    /// How many zones have metrics of their own; all others have them together.
    #[arg(long, env, default_value_t = 50, value_parser = clap::value_parser!(u32).range(..=1_000))]
    pub metrics_zones: u32,
    /// How couriers are chosen.
    #[command(flatten)]
    pub policy: PolicySettings,
    /// What becomes of orders, not yet picked up, whose courier is not available any more: keep (they stay) or reassign.
    #[arg(long, env, default_value = "keep")]
    pub on_leave: OnLeave,
    /// How long a courier may be away before their orders are given to others, with ON_LEAVE=reassign, in seconds.
    #[arg(long, env, default_value_t = 60, value_parser = clap::value_parser!(u64).range(..=604_800))]
    pub leave_grace_seconds: u64,
    /// The dispatch board.
    #[command(flatten)]
    pub board: BoardSettings,
    /// Where couriers are chosen.
    #[command(flatten)]
    pub redis: RedisSettings,
    /// The service's own database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// SNS and SQS.
    #[command(flatten)]
    pub aws: AwsSettings,
    /// How events are consumed.
    #[command(flatten)]
    pub consumer: ConsumerSettings,
    /// How much is taken on.
    #[command(flatten)]
    pub load: LoadSettings,
    /// What is logged.
    #[command(flatten)]
    pub log: LogSettings,
    /// Where traces go.
    #[command(flatten)]
    pub traces: TraceSettings,
    /// How the process ends.
    #[command(flatten)]
    pub shutdown: ShutdownSettings,
}

/// How couriers are chosen.
#[derive(Debug, Clone, Args)]
pub struct PolicySettings {
    /// Who goes first: score (the fewest open orders) or ratio (the smallest share of the capacity).
    #[arg(long, env, default_value = "score")]
    pub selection: Selection,
    /// Most assignments of a courier in a zone within WINDOW_SECONDS, up to 100; 0: no such limit.
    #[arg(long, env, default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=100))]
    pub max_assignments_per_window: u32,
    /// The stretch of time that MAX_ASSIGNMENTS_PER_WINDOW is about, in seconds.
    #[arg(long, env, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub window_seconds: u64,
    /// After how long a courier who declined an order may be asked again, if nobody else takes it, in seconds.
    #[arg(long, env, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub decline_ttl_seconds: u64,
}

impl PolicySettings {
    /// How to choose couriers.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let length = Duration::from_secs(self.window_seconds);
        let most = self.max_assignments_per_window;
        Policy {
            selection: self.selection,
            window: (most > 0).then_some(Window { most, length }),
            decline_ttl: Duration::from_secs(self.decline_ttl_seconds),
        }
    }
}

/// What becomes of orders whose courier leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OnLeave {
    /// They stay with the courier.
    Keep,
    /// After a while they go to others.
    Reassign,
}

impl Settings {
    /// How long couriers may be away before their orders go to others; nothing: for ever.
    #[must_use]
    pub fn leave_grace(&self) -> Option<Duration> {
        (self.on_leave == OnLeave::Reassign).then_some(Duration::from_secs(self.leave_grace_seconds))
    }

    /// How many whole days of the log are kept besides today; nothing: all.
    #[must_use]
    pub const fn log_retention(&self) -> Option<u64> {
        match self.log_retention_days {
            0 => None,
            days => Some(days),
        }
    }

    /// How to sweep.
    #[must_use]
    pub fn sweep(&self) -> SweepSettings {
        SweepSettings {
            interval: Duration::from_secs(self.sweep_interval_seconds),
            unrecorded_age: Duration::from_secs(self.unrecorded_age_seconds),
        }
    }
}
