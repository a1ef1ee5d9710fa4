//! Rules about couriers and pairs: pure, no clock, no store, no wire.

pub mod change;
mod registration;

pub use self::registration::{Registration, announcement};
