//! What every service process does, whatever it is for: [`settings`], [`telemetry`], [`database`], [`health`],
//! [`serve`] and, around it all, [`lifecycle`].

pub mod database;
pub mod health;
pub mod lifecycle;
pub mod serve;
pub mod settings;
pub mod telemetry;

pub use self::{
    health::Health,
    lifecycle::Lifecycle,
    settings::{DatabaseSettings, LogSettings, ShutdownSettings},
};
