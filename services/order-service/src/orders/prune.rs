//! Forgets keys that have expired.

use std::{convert::Infallible, time::Duration};

use tokio_util::sync::CancellationToken;

use super::Orders;
use crate::{error::Error, postgres::idempotency_keys};

/// Keys that one statement forgets, so that none holds its locks for long.
const BATCH: i64 = 1_000;
const INTERVAL: Duration = Duration::from_secs(60);

impl Orders {
    /// Forgets expired keys, at an interval, until `stop`.
    ///
    /// # Errors
    /// None: what could not be done now is done the next time.
    pub async fn prune_keys_until(self, stop: CancellationToken) -> Result<(), Infallible> {
        while stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
            match self.prune_keys().await {
                Ok(pruned) => tracing::debug!(pruned, "expired idempotency keys forgotten"),
                Err(error) => tracing::warn!(%error, "expired idempotency keys could not be forgotten"),
            }
        }
        Ok(())
    }

    /// Forgets expired keys; answers how many.
    ///
    /// # Errors
    /// The database.
    pub async fn prune_keys(&self) -> Result<u64, Error> {
        let mut pruned = 0;
        loop {
            let some = idempotency_keys::prune(&self.pool, self.clock.now(), BATCH).await?;
            pruned += some;
            if some < BATCH.unsigned_abs() {
                return Ok(pruned);
            }
        }
    }
}
