//! The facts, in PostgreSQL: zones, couriers, orders, and the event log.
//!
//! What is committed here is true; Redis follows. An order is one row, so it is with one courier whatever Redis
//! remembers. Locks are always taken in one order, each kind sorted, so no two transactions wait for each other: zones,
//! couriers, orders, the log, and rows of couriers last. So of what is about one order or one courier, what took effect first
//! stands first in the log.

mod backlog;
mod couriers;
mod days;
mod decisions;
mod fitness;
mod live;
mod log;
mod lookup;
mod orders;
mod overview;
mod paces;
mod past;
mod pin;
mod record;
mod replayed;
mod stints;
mod tail;
mod take_back;
mod why;
mod zone;
mod zone_lock;

use dispatch_contracts::{id::OrderId, zone::Zone};
use sqlx::{PgPool, Postgres, Transaction, migrate::Migrator};
use uuid::Uuid;

use crate::domain::order::Standing;

pub use self::{
    backlog::Backlog,
    days::days_before,
    decisions::Deciding,
    fitness::{Unfit, Why},
    live::Lived,
    lookup::{Assignment, CourierLoad},
    overview::{Totals, ZoneState},
    paces::PaceRow,
    past::Past,
    pin::{Pin, PinRefusal},
    record::{Proposal, Recorded, Source},
    replayed::{Kind, ReplayFilter, Replayed},
    stints::Stint,
    tail::{RecentFilter, SEARCHED, Touch},
    why::{DecisionRow, LineRow, LogFilter, LogRow, ZoneRow},
    zone::{ZoneFacts, ZoneInUse},
    zone_lock::ZoneLock,
};

/// The schema, without that of the outbox.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// The store of facts did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// PostgreSQL did not answer, or refused.
    #[error("PostgreSQL: {0}")]
    Database(#[from] sqlx::Error),
    /// Orders went to others again and again while their couriers were waited for.
    #[error("PostgreSQL: the orders change hands too fast to be held")]
    Contended,
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

    /// How orders stand, each as seen from its zone; as long as the transaction lasts they stay so.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn hold_standings(
        &self,
        asked: &[(&Zone, OrderId)],
    ) -> Result<(Transaction<'static, Postgres>, Vec<Standing>), FactsError> {
        let mut transaction = self.begin().await?;
        let ids: Vec<Uuid> = asked.iter().map(|(_, order)| order.as_uuid()).collect();
        sqlx::query(include_str!("facts/sql/hold_orders.sql")).bind(ids).execute(&mut *transaction).await?;
        let standings = orders::standings(&mut transaction, asked).await?;
        Ok((transaction, standings))
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, FactsError> {
        Ok(self.pool.begin().await?)
    }
}
