//! The right to load a zone into Redis: one process has it at a time.

use dispatch_contracts::zone::Zone;
use sqlx::{Postgres, Transaction};

use super::{Facts, FactsError};

/// Nobody else loads the zone while this is held; let go when dropped. It is a transaction, so it ends with its process.
pub struct ZoneLock(Transaction<'static, Postgres>);

impl Facts {
    /// Waits for whoever loads the zone now.
    ///
    /// # Errors
    /// PostgreSQL does not answer, or the others take longer than a statement may.
    pub async fn lock_zone(&self, zone: &Zone) -> Result<ZoneLock, FactsError> {
        let mut transaction = self.begin().await?;
        sqlx::query(include_str!("sql/lock_zone.sql")).bind(zone.as_str()).execute(&mut *transaction).await?;
        Ok(ZoneLock(transaction))
    }
}

impl ZoneLock {
    /// Uses it, so that PostgreSQL does not end it for being idle.
    ///
    /// # Errors
    /// It was lost.
    pub async fn hold(&mut self) -> Result<(), FactsError> {
        sqlx::query(include_str!("sql/hold_zone.sql")).execute(&mut *self.0).await?;
        Ok(())
    }

    /// Lets go.
    ///
    /// # Errors
    /// It was lost before.
    pub async fn release(self) -> Result<(), FactsError> {
        Ok(self.0.rollback().await?)
    }
}
