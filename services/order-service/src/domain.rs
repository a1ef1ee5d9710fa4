//! Rules about orders: pure, no clock, no store, no wire.

pub mod change;
pub mod history;
pub mod idempotency_key;
pub mod order;
pub mod step;
