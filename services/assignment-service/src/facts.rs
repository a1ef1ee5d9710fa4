//! The facts, in PostgreSQL: zones, couriers, orders, and the event log.
//!
//! What is committed here is true; Redis follows. An order is one row, so it is with one courier whatever Redis
//! remembers. Locks are always taken in one order: the log, zones, couriers, orders, each sorted, so no two transactions
//! wait for each other.

mod couriers;
mod log;
mod lookup;
mod record;
mod why;
mod zone;

use sqlx::{PgPool, Postgres, Transaction, migrate::Migrator};

pub use self::{
    lookup::{Assignment, CourierLoad},
    record::{Proposal, Recorded, Source},
    why::{DecisionRow, LineRow, LogFilter, LogRow, ZoneRow},
    zone::{ZoneFacts, ZoneInUse},
};

/// The schema, without that of the outbox.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// The store of facts did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// PostgreSQL did not answer, or refused.
    #[error("PostgreSQL: {0}")]
    Database(#[from] sqlx::Error),
    /// A row holds what this version does not know.
    #[error("PostgreSQL: {table} holds {value:?}")]
    Value {
        /// Where.
        table: &'static str,
        /// What.
        value: String,
    },
}

/// The service's own database.
#[derive(Debug, Clone)]
pub struct Facts {
    pool: PgPool,
}

impl Facts {
    /// The facts in this database, which has been migrated.
    #[must_use]
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, FactsError> {
        Ok(self.pool.begin().await?)
    }
}
