//! Housekeeping of the event log: days are made ahead and dropped when they are too old.

use std::{convert::Infallible, time::Duration};

use chrono::TimeDelta;
use runtime::Clock;
use tokio_util::sync::CancellationToken;

use crate::facts::{Facts, FactsError, days_before};

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(600);
/// The broker keeps a message for at most 14 days, and its dead letter for 14 more: no redelivery is older.
const HEARD: TimeDelta = TimeDelta::days(30);

/// Keeps the log.
#[derive(Clone)]
pub struct Retention {
    facts: Facts,
    clock: Clock,
    /// How many whole days besides today; nothing: all.
    days: Option<u64>,
}

impl Retention {
    /// Keeps so many whole days besides today; or all.
    #[must_use]
    pub const fn new(facts: Facts, clock: Clock, days: Option<u64>) -> Self {
        Self { facts, clock, days }
    }

    /// Keeps the log until `stop`. Several processes may.
    ///
    /// # Errors
    /// None.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Infallible> {
        loop {
            if let Some(Err(error)) = stop.run_until_cancelled(self.keep()).await {
                tracing::warn!(%error, "the days of the log could not be kept; tried again in ten minutes");
            }
            if stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_none() {
                return Ok(());
            }
        }
    }

    /// Makes the days that are missing, and drops those that are too old.
    ///
    /// # Errors
    /// PostgreSQL does not answer; it may be repeated.
    pub async fn keep(&self) -> Result<(), FactsError> {
        let today = self.facts.today().await?;
        self.facts.make_log_days(today).await?;
        self.facts.forget_heard_before(self.clock.now() - HEARD).await?;
        let Some(days) = self.days else { return Ok(()) };
        for day in self.facts.drop_log_before(days_before(today, days)).await? {
            tracing::info!(%day, "dropped from the log");
        }
        Ok(())
    }
}
