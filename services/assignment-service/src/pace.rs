//! Notes how fast orders are assigned, for the board: how many, and how long after the event the assignment was published. Noting
//! takes no more than a lock on a small array; every few seconds what was noted goes into a table that all instances share.

use std::{
    convert::Infallible,
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use messaging::outbox::relay::OnPublished;
use runtime::Clock;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::latencies::Latencies,
    facts::{Facts, PaceRow},
};

/// What counts as an assignment.
const ASSIGNED: &str = "OrderAssigned";
/// How long a stretch is.
pub const STRETCH: Duration = Duration::from_secs(5);
/// For how long stretches are kept.
const KEPT: TimeDelta = TimeDelta::hours(1);

#[derive(Debug, Default)]
struct Noted {
    assigned: i32,
    latencies: Latencies,
}

/// Notes what is published.
#[derive(Clone)]
pub struct Pace {
    noted: Arc<Mutex<Noted>>,
    facts: Facts,
    clock: Clock,
    instance: String,
}

impl Pace {
    /// Nothing noted yet.
    #[must_use]
    pub fn new(facts: Facts, clock: Clock) -> Self {
        Self { noted: Arc::default(), facts, clock, instance: runtime::instance::name() }
    }

    /// What notes each event that is published.
    #[must_use]
    pub fn observer(&self) -> OnPublished {
        let noted = self.noted.clone();
        Arc::new(move |event_type, took| {
            if event_type == ASSIGNED {
                let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
                noted.assigned = noted.assigned.saturating_add(1);
                if let Some(took) = took {
                    noted.latencies.add(took);
                }
            }
        })
    }

    /// Writes down each stretch until `stop`. What cannot be written is dropped: it is for looking at.
    ///
    /// # Errors
    /// None.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Infallible> {
        loop {
            let started = start_of_stretch(self.clock.now());
            let ends = started + TimeDelta::from_std(STRETCH).unwrap_or_default();
            let left = (ends - self.clock.now()).to_std().unwrap_or_default();
            let is_over = stop.run_until_cancelled(tokio::time::sleep(left)).await.is_none();
            self.write(started).await;
            if is_over {
                return Ok(());
            }
        }
    }

    async fn write(&self, started_at: DateTime<Utc>) {
        let noted = mem::take(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner));
        if noted.assigned == 0 {
            return;
        }
        let row = PaceRow { started_at, assigned: noted.assigned, latencies: noted.latencies.counts() };
        if let Err(error) = self.facts.add_pace(&self.instance, &row, started_at - KEPT).await {
            tracing::debug!(%error, "the pace cannot be written down");
        }
    }
}

/// When the stretch began that a time lies in: the same in all instances.
#[must_use]
pub fn start_of_stretch(time: DateTime<Utc>) -> DateTime<Utc> {
    let length = STRETCH.as_secs().cast_signed();
    DateTime::from_timestamp(time.timestamp().div_euclid(length) * length, 0).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_begin_at_the_same_time_everywhere() {
        let start = |text: &str| start_of_stretch(text.parse().expect("a time")).to_rfc3339();
        assert_eq!(start("2026-01-01T00:00:04.999Z"), "2026-01-01T00:00:00+00:00");
        assert_eq!(start("2026-01-01T00:00:05Z"), "2026-01-01T00:00:05+00:00");
    }
}
