//! Lookups of what other services own, over gRPC: [`Couriers`] at courier-service, [`Orders`] at order-service, and the
//! [`Messages`] that passed through the queues of either.
//!
//! Guarantees: a lookup never takes longer than its deadline, however many ids it is about, and one that was not answered is
//! counted, and logged unless another one was just now. One of couriers or orders never fails: what was not answered is missing
//! from what it [`Found`], which says so.

mod couriers;
mod failures;
mod messages;
mod orders;
mod peer;

use std::collections::HashMap;

pub use self::{
    couriers::Couriers,
    messages::{Messages, MessagesError},
    orders::Orders,
};

/// What a lookup found.
#[derive(Debug, Clone)]
pub struct Found<I, T> {
    /// What the other service knows, by id.
    pub by_id: HashMap<I, T>,
    /// Whether it answered for all ids. If so, it does not know those that are not here; else nobody can say.
    pub is_complete: bool,
}
