//! Settings: each is a flag and an environment variable of the same name.

use std::{net::SocketAddr, time::Duration};

use chrono::TimeDelta;
use clap::{Args, Parser};
use messaging::{AwsSettings, ConsumerSettings, publisher};
use runtime::{DatabaseSettings, LoadSettings, LogSettings, ShutdownSettings, dial};
use tonic::transport::Endpoint;
use trace::export::TraceSettings;

/// Owns orders: takes them over REST and from events, shows them, and knows who has them.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Settings {
    /// Where REST, /docs, /livez, /readyz and /metrics listen.
    #[arg(long, env, default_value = "0.0.0.0:9080")]
    pub http_addr: SocketAddr,
    /// Where gRPC listens.
    #[arg(long, env, default_value = "0.0.0.0:9081")]
    pub grpc_addr: SocketAddr,
    /// The topic that orders made here are published to.
    #[arg(
        long,
        env,
        default_value = "arn:aws:sns:eu-west-2:123450000001:events-topic",
        value_parser = publisher::topic_arn
    )]
    pub events_topic_arn: String,
    /// The queue that brings orders.
    #[arg(long, env, default_value = "order-events-queue")]
    pub events_queue: String,
    /// The queue that brings who has which order.
    #[arg(long, env, default_value = "order-assignment-queue")]
    pub assignments_queue: String,
    /// How long an Idempotency-Key is remembered, in hours.
    #[arg(long, env, default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=8_760))]
    pub idempotency_key_ttl_hours: u16,
    /// Lookups at courier-service.
    #[command(flatten)]
    pub lookup: LookupSettings,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// SNS and SQS.
    #[command(flatten)]
    pub aws: AwsSettings,
    /// Consumers.
    #[command(flatten)]
    pub consumer: ConsumerSettings,
    /// Load.
    #[command(flatten)]
    pub load: LoadSettings,
    /// Logs.
    #[command(flatten)]
    pub log: LogSettings,
    /// Where traces go.
    #[command(flatten)]
    pub traces: TraceSettings,
    /// The end.
    #[command(flatten)]
    pub shutdown: ShutdownSettings,
}

/// Lookups at courier-service, for `?expand=courier`.
#[derive(Debug, Clone, Args)]
pub struct LookupSettings {
    /// Where courier-service has its gRPC.
    #[arg(long, env, default_value = "http://localhost:9071", value_parser = dial::address)]
    pub courier_service_grpc_url: Endpoint,
    /// How long a lookup may take, in milliseconds; past it the answer says what is missing. At most three quarters of
    /// REQUEST_TIMEOUT_SECONDS, so that there is time for that.
    #[arg(long, env, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=15_000))]
    pub lookup_timeout_milliseconds: u64,
}

impl LookupSettings {
    /// How long a lookup may take for a request that may take so long.
    #[must_use]
    pub fn timeout(&self, request: Duration) -> Duration {
        Duration::from_millis(self.lookup_timeout_milliseconds).min(request * 3 / 4)
    }
}

impl Settings {
    /// How long an `Idempotency-Key` is remembered.
    #[must_use]
    pub fn idempotency_key_ttl(&self) -> TimeDelta {
        TimeDelta::hours(self.idempotency_key_ttl_hours.into())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_is_well_formed() {
        Settings::command().debug_assert();
    }

    #[test]
    fn a_lookup_leaves_time_to_say_what_is_missing() {
        let address = dial::address("http://localhost:9071").expect("an address");
        let lookup = LookupSettings { courier_service_grpc_url: address, lookup_timeout_milliseconds: 1_000 };
        assert_eq!(lookup.timeout(Duration::from_secs(10)), Duration::from_secs(1));
        assert_eq!(lookup.timeout(Duration::from_secs(1)), Duration::from_millis(750));
    }
}
