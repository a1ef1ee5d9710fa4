//! Rules about orders: pure, no clock, no store, no wire.

pub mod change;
pub mod idempotency_key;
pub mod order;
