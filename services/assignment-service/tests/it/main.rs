//! assignment-service against the real servers; `sh run-e2e.sh` starts them.

mod choice;
mod cluster;
mod dispatch;
mod facts;
mod failover;
mod http;
mod limits;
mod lives;
mod load;
mod mending;
mod migration;
mod openapi;
mod process;
mod replicas;
mod settings;
mod world;
