//! For tests only: random sequences of all that may happen, twice and out of order, against the real Redis and
//! PostgreSQL of all three services, and what must be true afterwards.
//!
//! - [`action`]: what may happen, as proptest makes it up.
//! - [`system`]: the use cases of the three services over their stores, without queues and ports.
//! - [`play`]: plays a sequence, delivering events late and more than once.
//! - [`referee`]: a simple model that reads the log of assignment-service and objects to any decision that was wrong when
//!   it was made.
//! - [`agree`]: what the stores must say in the end.

pub mod action;
pub mod agree;
pub mod play;
pub mod referee;
pub mod system;
