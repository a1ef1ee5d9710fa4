//! For tests only: the real servers ([`servers`]), databases, queues and topics of a test's own ([`database`],
//! [`queues`], [`topics`]), names that nobody else has ([`unique`]), bounded waits ([`wait`]), services as processes
//! ([`process`]) and their REST APIs ([`http`]), Valkey servers and clusters to maltreat ([`valkey`], [`valkey_cluster`]).
//!
//! The servers come from the environment; `sh run-e2e.sh` starts them and sets it. Tests share the servers and so
//! must never empty one: each makes what it needs under names of its own.

pub mod database;
pub mod http;
pub mod ports;
pub mod process;
pub mod queues;
pub mod servers;
pub mod topics;
pub mod unique;
pub mod valkey;
pub mod valkey_cluster;
pub mod wait;

pub use self::{
    process::ServiceProcess, queues::TestQueue, servers::Servers, topics::TestTopic, valkey::Valkey,
    valkey_cluster::ValkeyCluster, wait::eventually,
};
