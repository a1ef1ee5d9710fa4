//! assignment-service against the real servers; `sh run-e2e.sh` starts them.

mod choice;
mod cluster;
mod commands;
mod dispatch;
mod facts;
mod failover;
mod http;
mod limits;
mod lives;
mod load;
mod loading;
mod log;
mod looking;
mod mending;
mod migration;
mod openapi;
mod process;
mod rebuild;
mod replicas;
mod settings;
mod verify;
mod world;
