//! Couriers who left with open orders: what is not picked up goes to others, unless they come back in time.

use std::{convert::Infallible, time::Duration};

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::{Dispatch, DispatchError};

/// Between two looks for couriers whose time is over.
const INTERVAL: Duration = Duration::from_secs(1);
/// Orders taken back in one transaction.
const STEP: i64 = 100;
/// A look that takes longer hangs on something.
const TIME: Duration = Duration::from_secs(60);

impl Dispatch {
    /// Takes back what couriers left behind for longer than `grace`, again and again, until `stop`. Without a grace they
    /// keep it, and this only waits. Several processes may.
    ///
    /// # Errors
    /// None.
    pub async fn run_leaving(self, grace: Option<Duration>, stop: CancellationToken) -> Result<(), Infallible> {
        let Some(grace) = grace else {
            stop.cancelled().await;
            return Ok(());
        };
        while stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
            match tokio::time::timeout(TIME, self.take_back_left_behind(grace)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "orders of couriers who left could not be taken back"),
                Err(_) => tracing::warn!("taking back orders of couriers who left hangs"),
            }
        }
        Ok(())
    }

    /// Takes back what couriers left behind for longer than `grace`.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer; it may be repeated.
    pub async fn take_back_left_behind(&self, grace: Duration) -> Result<(), DispatchError> {
        let grace = TimeDelta::from_std(grace).unwrap_or(TimeDelta::MAX);
        loop {
            let left_before = self.clock.now() - grace;
            let updates = self.facts.take_back_left_behind(left_before, STEP, self.deciding()).await?;
            if updates.is_empty() {
                return Ok(());
            }
            tracing::info!(orders = updates.len(), "taken back from couriers who left");
            self.follow(updates).await?;
        }
    }
}
