//! What can be set of the board.

use std::time::Duration;

use clap::Args;
use runtime::dial;
use tonic::transport::Endpoint;

/// The dispatch board.
#[derive(Debug, Clone, Args)]
pub struct BoardSettings {
    /// Whether the board offers what writes: assigning by hand, redriving and purging dead letters.
    #[arg(long, env, default_value = "on")]
    pub board_actions: Actions,
    /// Queues that the board shows, with their dead-letter queues; the first is shown first.
    #[arg(
        long,
        env,
        value_delimiter = ',',
        default_value = "assignment-queue,order-assignment-queue,events-queue,order-events-queue,courier-events-queue"
    )]
    pub board_queues: Vec<String>,
    /// Where courier-service has its gRPC, for names of couriers.
    #[arg(long, env, default_value = "http://localhost:9071", value_parser = dial::address)]
    pub courier_service_grpc_url: Endpoint,
    /// Where order-service has its gRPC, for details of orders.
    #[arg(long, env, default_value = "http://localhost:9081", value_parser = dial::address)]
    pub order_service_grpc_url: Endpoint,
    /// How long a lookup may take, in milliseconds; past it the board says what is missing.
    #[arg(long, env, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=15_000))]
    pub lookup_timeout_milliseconds: u64,
}

/// Whether there are actions that write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Actions {
    /// There are.
    On,
    /// The board only shows.
    Off,
}

impl BoardSettings {
    /// How long a lookup may take.
    #[must_use]
    pub const fn lookup_timeout(&self) -> Duration {
        Duration::from_millis(self.lookup_timeout_milliseconds)
    }
}
