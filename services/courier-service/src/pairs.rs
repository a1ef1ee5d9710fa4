//! The use cases about which order is with which courier, one a file.

mod of_courier;
mod of_order;
mod record;
mod reject;

use messaging::Outbox;
use runtime::Clock;
use sqlx::PgPool;

pub use self::of_courier::Position;

/// The pairs that this service knows.
#[derive(Debug, Clone)]
pub struct Pairs {
    pool: PgPool,
    outbox: Outbox,
    clock: Clock,
}

impl Pairs {
    /// The pairs in a database; what couriers say of them here is published through the outbox.
    #[must_use]
    pub fn new(pool: PgPool, outbox: Outbox, clock: Clock) -> Self {
        Self { pool, outbox, clock }
    }
}
