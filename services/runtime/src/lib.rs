//! What every service process does, whatever it is for: [`settings`], [`telemetry`], [`database`], [`health`],
//! [`serve`], [`dial`], [`local`], [`operations`],
//! [`sources`] and, around it all, [`lifecycle`].

pub mod database;
pub mod dial;
pub mod health;
pub mod instance;
pub mod lifecycle;
pub mod local;
pub mod operations;
pub mod serve;
pub mod settings;
pub mod sources;
pub mod telemetry;

pub use self::{
    health::Health,
    lifecycle::Lifecycle,
    settings::{DatabaseSettings, LoadSettings, LogSettings, ShutdownSettings},
    sources::{Clock, Ids},
    telemetry::Telemetry,
};
