//! assignment-service against the real servers; `sh run-e2e.sh` starts them.

mod choice;
mod commands;
mod dispatch;
mod facts;
mod http;
mod limits;
mod lives;
mod log;
mod mending;
mod migration;
mod openapi;
mod process;
mod rebuild;
mod settings;
mod verify;
mod world;
