//! A Valkey Cluster of a test's own: three masters, each with a replica where that is asked for.

use anyhow::{Context as _, Result};
use redis::{Client, Value, cluster::ClusterClient};

use crate::{
    Valkey, ports,
    valkey::{ATTEMPTS, Connection, RESPONSE},
    wait::eventually,
};

const MASTERS: usize = 3;
const SLOTS: usize = 16_384;
/// After how many milliseconds a silent master is replaced. Enough for a busy machine not to take a pause for a death.
const NODE_TIMEOUT: &str = "2000";

/// A running cluster; its servers are killed when it is dropped.
pub struct ValkeyCluster {
    nodes: Vec<Node>,
}

/// A server of a cluster.
pub struct Node {
    /// The server.
    pub server: Valkey,
    /// Its id in the cluster.
    pub id: String,
    bus: u16,
}

impl ValkeyCluster {
    /// Starts three masters that share the slots evenly, with a replica each or none.
    ///
    /// # Errors
    /// A server does not come up, or they do not find each other.
    pub async fn start(with_replicas: bool) -> Result<Self> {
        let count = if with_replicas { 2 * MASTERS } else { MASTERS };
        let mut nodes = Vec::with_capacity(count);
        for _ in 0..count {
            nodes.push(Node::start().await?);
        }
        let cluster = Self { nodes };
        cluster.share_slots().await?;
        cluster.meet().await?;
        cluster.replicate().await?;
        cluster.is_formed().await?;
        Ok(cluster)
    }

    async fn share_slots(&self) -> Result<()> {
        for (number, node) in self.nodes.iter().enumerate() {
            let epoch = (number + 1).to_string();
            node.server.command::<()>(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).await?;
            if number < MASTERS {
                let first = (number * SLOTS / MASTERS).to_string();
                let last = ((number + 1) * SLOTS / MASTERS - 1).to_string();
                node.server.command::<()>(&["CLUSTER", "ADDSLOTSRANGE", &first, &last]).await?;
            }
        }
        Ok(())
    }

    async fn meet(&self) -> Result<()> {
        let (first, others) = self.nodes.split_first().context("nodes")?;
        for other in others {
            let (port, bus) = (other.server.port.to_string(), other.bus.to_string());
            first.server.command::<()>(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await?;
        }
        for node in &self.nodes {
            eventually("a node knows the others", || async {
                let known: String = node.server.command(&["CLUSTER", "NODES"]).await?;
                let all = self.nodes.iter().all(|other| known.contains(&other.id));
                Ok((all && !known.contains("handshake")).then_some(()))
            })
            .await?;
        }
        Ok(())
    }

    async fn replicate(&self) -> Result<()> {
        for (master, replica) in self.nodes.iter().zip(self.nodes.iter().skip(MASTERS)) {
            replica.server.command::<()>(&["CLUSTER", "REPLICATE", &master.id]).await?;
        }
        for replica in self.nodes.iter().skip(MASTERS) {
            eventually("a replica is in step", || async {
                let info: String = replica.server.command(&["INFO", "replication"]).await?;
                Ok(info.contains("master_link_status:up").then_some(()))
            })
            .await?;
        }
        Ok(())
    }

    /// Every node says that the cluster is well, and knows the master of every slot and its replica.
    async fn is_formed(&self) -> Result<()> {
        for node in &self.nodes {
            eventually("the cluster is formed", || async {
                let info: String = node.server.command(&["CLUSTER", "INFO"]).await?;
                let ranges: Vec<Vec<Value>> = node.server.command(&["CLUSTER", "SLOTS"]).await?;
                let complete = ranges.iter().all(|range| range.len() == 2 + self.nodes.len() / MASTERS);
                let formed = info.contains("cluster_state:ok") && ranges.len() == MASTERS && complete;
                Ok(formed.then_some(()))
            })
            .await?;
        }
        Ok(())
    }

    /// The addresses of all servers.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.server.url()).collect()
    }

    /// Clients of all servers, for settings.
    ///
    /// # Errors
    /// None that a test can cause.
    pub fn clients(&self) -> Result<Vec<Client>> {
        self.urls().into_iter().map(|url| Ok(Client::open(url)?)).collect()
    }

    /// A connection to it.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn connection(&self) -> Result<Connection> {
        self.connection_by(&(0..self.nodes.len()).collect::<Vec<_>>()).await
    }

    /// A connection to it that asks these nodes about the others.
    ///
    /// # Errors
    /// They do not answer.
    pub async fn connection_by(&self, nodes: &[usize]) -> Result<Connection> {
        let urls = nodes.iter().map(|&node| self.nodes[node].server.url());
        let client = ClusterClient::builder(urls).connection_timeout(RESPONSE).response_timeout(RESPONSE);
        let client = client.min_retry_wait(20).max_retry_wait(200);
        Ok(Connection::Cluster(client.build()?.get_async_connection().await?))
    }

    /// Its servers: the masters as they were at the start, then their replicas.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The same, to be killed.
    pub fn nodes_mut(&mut self) -> &mut [Node] {
        &mut self.nodes
    }

    /// Which of the nodes is the master of a slot, as the node `asked` sees it.
    ///
    /// # Errors
    /// It does not answer, or knows none.
    pub async fn master_of(&self, slot: u16, asked: usize) -> Result<usize> {
        let ranges: Vec<Vec<Value>> = self.nodes[asked].server.command(&["CLUSTER", "SLOTS"]).await?;
        let range = ranges.iter().find(|range| match range.as_slice() {
            [Value::Int(first), Value::Int(last), ..] => (*first..=*last).contains(&i64::from(slot)),
            _ => false,
        });
        let Some(Value::Array(master)) = range.and_then(|range| range.get(2)) else {
            anyhow::bail!("nobody has slot {slot}");
        };
        let port = master.get(1).cloned();
        let is_it = |node: &Node| port == Some(Value::Int(node.server.port.into()));
        self.nodes.iter().position(is_it).context("a master that this cluster does not have")
    }
}

impl Node {
    async fn start() -> Result<Self> {
        for _ in 0..ATTEMPTS {
            let [port, bus] = ports::free()?;
            let bus_port = bus.to_string();
            let settings = [
                ["--cluster-enabled", "yes"],
                ["--cluster-port", &bus_port],
                ["--cluster-node-timeout", NODE_TIMEOUT],
                ["--cluster-require-full-coverage", "no"],
                ["--cluster-replica-validity-factor", "0"],
            ];
            if let Some(server) = Valkey::start_on(port, settings.as_flattened()).await? {
                let id = server.command(&["CLUSTER", "MYID"]).await?;
                return Ok(Self { server, id, bus });
            }
        }
        anyhow::bail!("a node did not start {ATTEMPTS} times")
    }
}
