//! What the black-box tests share. They act on a running system as its users do, and look into no store:
//! REST ([`rest`]) and gRPC of both instances of each service ([`system`]), the real aws CLI ([`aws_cli`]), SNS and SQS
//! ([`bus`], [`inbox`]), an operator's commands ([`command`]), traces ([`otlp`]), and of the system's own queues only how much is in them and what is dead ([`queues`]).
//!
//! All tests run at the same time against one system. Each is a [`World`] with a zone of its own, and nothing in it
//! waits for a time or demands that something happens within one: it waits until something is so. That something did not
//! happen is shown by something later that did.
//!
//! Some have processes of their own instead ([`cell`], [`command`]): the feature `processes`. A test that needs them does not
//! compile without it, so what is left acts on any running system, in containers too.
//!
//! Those of the board are in a real browser (`browser`, the feature of the same name).

pub mod aws_cli;
#[cfg(feature = "browser")]
pub mod browser;
pub mod bus;
#[cfg(feature = "processes")]
pub mod cell;
#[cfg(feature = "processes")]
pub mod command;
pub mod events;
#[cfg(feature = "processes")]
pub mod gateway;
pub mod inbox;
pub mod lives;
#[cfg(feature = "processes")]
pub mod otlp;
pub mod queues;
pub mod rest;
pub mod system;
pub mod world;

pub use self::{bus::Bus, inbox::Inbox, rest::Answer, system::System, world::World};
#[cfg(feature = "processes")]
pub use self::{cell::Cell, command::Told, gateway::Gateway};
