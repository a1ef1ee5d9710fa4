//! The use cases, one a file. Whatever way a request comes in, it ends here.

mod create;
mod get;
mod history;
mod list;
mod prune;
mod record;
mod take_step;

use chrono::TimeDelta;
use messaging::Outbox;
use runtime::{Clock, Ids};
use sqlx::PgPool;

pub use self::{
    create::{Created, Creation},
    list::{OrderFilter, Position},
};

/// The orders of this service.
#[derive(Debug, Clone)]
pub struct Orders {
    pool: PgPool,
    outbox: Outbox,
    clock: Clock,
    ids: Ids,
    key_ttl: TimeDelta,
}

impl Orders {
    /// The orders in a database; what is made here is published through the outbox. An `Idempotency-Key` is
    /// remembered for `key_ttl`.
    #[must_use]
    pub fn new(pool: PgPool, outbox: Outbox, clock: Clock, ids: Ids, key_ttl: TimeDelta) -> Self {
        Self { pool, outbox, clock, ids, key_ttl }
    }
}
