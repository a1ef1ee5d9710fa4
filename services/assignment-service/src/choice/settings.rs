//! Where Redis is, and what is asked of it.

use std::time::Duration;

use redis::Client;

/// One server, with or without replicas, or a Redis Cluster.
#[derive(Debug, Clone, clap::Args)]
pub struct RedisSettings {
    /// Redis or Valkey, such as redis://localhost:9379, or rediss:// for TLS. For a Redis Cluster its configuration
    /// endpoint or any of its nodes, or several of them with commas between.
    #[arg(long, env, hide_env_values = true, required = true, value_delimiter = ',', value_parser = client)]
    pub redis_url: Vec<Client>,
    /// Whether that is a Redis Cluster: auto asks the server.
    #[arg(long, env, default_value = "auto")]
    pub redis_cluster: ClusterMode,
    /// How many replicas have to have what a batch wrote before the batch goes on; 0: none. For a Redis Cluster, of each
    /// master. Where fewer have it in time the batch goes on all the same, with a warning and a metric.
    #[arg(long, env, default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=16))]
    pub redis_wait_replicas: u32,
    /// How long a batch waits for REDIS_WAIT_REPLICAS, in milliseconds.
    #[arg(long, env, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub redis_wait_timeout_milliseconds: u64,
}

/// Whether Redis is a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ClusterMode {
    /// It is asked.
    Auto,
    /// It is.
    Yes,
    /// It is one server.
    No,
}

/// What a batch waits for before it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Acknowledgement {
    /// So many replicas have what it wrote,
    pub(super) replicas: u32,
    /// or so much time has passed.
    pub(super) timeout: Duration,
}

impl RedisSettings {
    pub(super) fn acknowledgement(&self) -> Option<Acknowledgement> {
        let timeout = Duration::from_millis(self.redis_wait_timeout_milliseconds);
        (self.redis_wait_replicas > 0).then_some(Acknowledgement { replicas: self.redis_wait_replicas, timeout })
    }
}

/// The server there, or its cluster; nothing is asked of replicas.
impl From<Client> for RedisSettings {
    fn from(client: Client) -> Self {
        Self {
            redis_url: vec![client],
            redis_cluster: ClusterMode::Auto,
            redis_wait_replicas: 0,
            redis_wait_timeout_milliseconds: 100,
        }
    }
}

fn client(url: &str) -> Result<Client, String> {
    Client::open(url).map_err(|error| error.to_string())
}
