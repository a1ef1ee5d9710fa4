//! A connection to one server or to a Redis Cluster, and what a failure of it means.

use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, RedisResult, RetryMethod, ServerErrorKind,
    Value,
    aio::{ConnectionLike as _, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
    cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, Slot, SlotAddr},
};

use super::settings::{ClusterMode, RedisSettings};

/// Far above what a script takes: past it the server is down or the network is.
const RESPONSE: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(2);
/// How often the cluster's connection follows a redirection or asks again by itself, and its pauses in milliseconds. A
/// batch is repeated above it, with scripts that a new master does not have.
const RETRIES: u32 = 2;
const RETRY_PAUSE: (u64, u64) = (10, 100);

/// Shares what is under it when it is cloned.
#[derive(Clone)]
pub(super) enum Connection {
    /// To one server.
    Server(MultiplexedConnection),
    /// To each node of a cluster.
    Cluster(ClusterConnection),
}

/// What there is to connect to.
pub(super) enum Target {
    Server(Box<Client>),
    Cluster(Box<ClusterClient>),
}

impl Target {
    /// Asks the first server that answers what it is, unless that is said.
    pub(super) async fn find(settings: &RedisSettings) -> RedisResult<Self> {
        let is_cluster = match settings.redis_cluster {
            ClusterMode::Yes => true,
            ClusterMode::No => false,
            ClusterMode::Auto => is_cluster(&settings.redis_url).await?,
        };
        match settings.redis_url.as_slice() {
            [] => Err((ErrorKind::InvalidClientConfig, "no address").into()),
            [one] if !is_cluster => Ok(Self::Server(Box::new(one.clone()))),
            _ if !is_cluster => {
                Err((ErrorKind::InvalidClientConfig, "several addresses, but not of a Redis Cluster").into())
            }
            nodes => Self::cluster(nodes),
        }
    }

    fn cluster(nodes: &[Client]) -> RedisResult<Self> {
        let (min, max) = RETRY_PAUSE;
        let client = ClusterClient::builder(nodes.iter().map(|node| node.get_connection_info().clone()))
            .connection_timeout(CONNECT)
            .response_timeout(RESPONSE)
            .overall_response_timeout(Some(RESPONSE))
            .retries(RETRIES)
            .min_retry_wait(min)
            .max_retry_wait(max)
            .build()?;
        Ok(Self::Cluster(Box::new(client)))
    }

    pub(super) async fn connect(&self) -> RedisResult<Connection> {
        match self {
            Self::Server(client) => Ok(Connection::Server(connect_to(client).await?)),
            Self::Cluster(client) => {
                // It has no bound of its own: a node that hangs while the slots are asked for holds it up.
                let connected = tokio::time::timeout(RESPONSE, client.get_async_connection()).await;
                Ok(Connection::Cluster(connected.map_err(|_| timed_out())??))
            }
        }
    }
}

async fn is_cluster(addresses: &[Client]) -> RedisResult<bool> {
    let mut failed = (ErrorKind::InvalidClientConfig, "no address").into();
    for address in addresses {
        let asked = async {
            let mut connection = connect_to(address).await?;
            redis::cmd("INFO").arg("cluster").query_async::<String>(&mut connection).await
        };
        match asked.await {
            Ok(info) => return Ok(info.lines().any(|line| line.trim() == "cluster_enabled:1")),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

async fn connect_to(server: &Client) -> RedisResult<MultiplexedConnection> {
    let config =
        AsyncConnectionConfig::new().set_response_timeout(Some(RESPONSE)).set_connection_timeout(Some(CONNECT));
    server.get_multiplexed_async_connection_with_config(&config).await
}

fn timed_out() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

impl Connection {
    pub(super) const fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Runs commands in their order on one connection to one server; in a cluster, to the master of the slot.
    pub(super) async fn run(&mut self, pipeline: Pipeline, slot: Slot) -> RedisResult<Vec<Value>> {
        let count = pipeline.len();
        let values = match self {
            Self::Server(connection) => connection.req_packed_commands(&pipeline, 0, count).await?,
            Self::Cluster(connection) => {
                let route = SingleNodeRoutingInfo::SpecificNode(Route::with_slot(slot, SlotAddr::Master));
                connection.route_pipeline(pipeline, 0, count, route).await?
            }
        };
        values.into_iter().map(Value::extract_error).collect()
    }

    /// Asks any server.
    pub(super) async fn ask(&mut self, command: Cmd) -> RedisResult<Value> {
        match self {
            Self::Server(connection) => connection.req_packed_command(&command).await,
            Self::Cluster(connection) => {
                connection.route_command(command, RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random)).await
            }
        }?
        .extract_error()
    }
}

/// The server does not have a script that it was asked to run.
pub(super) fn is_no_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// For a metric: the code of a server's answer, such as `TRYAGAIN`, or that there was none.
pub(super) fn reason(error: &RedisError) -> String {
    error.code().unwrap_or("no answer").to_owned()
}

/// It may be different in a moment: a slot moves, a replica becomes the master, a server starts.
pub(super) fn is_passing(error: &RedisError) -> bool {
    is_no_script(error) || was_demoted(error) || !matches!(error.retry_method(), RetryMethod::NoRetry)
}

/// What else is sent on this connection would fail as well: it broke, it hangs, or it leads to a server that is not a
/// master any more. A cluster's connection does not look for the new master either while the former one only hangs.
pub(super) fn is_spent(error: &RedisError) -> bool {
    let answered = matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension);
    !answered || was_demoted(error)
}

fn was_demoted(error: &RedisError) -> bool {
    use ServerErrorKind::{MasterDown, ReadOnly};
    // UNBLOCKED: it became a replica while the connection was waiting for replicas.
    matches!(error.kind(), ErrorKind::Server(ReadOnly | MasterDown)) || error.code() == Some("UNBLOCKED")
}
