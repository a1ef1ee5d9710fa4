//! Holds receivers back while the handler's own servers are down, longer with each batch that fails in a row.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use crate::backoff::Backoff;

#[derive(Default)]
pub(super) struct Gate {
    failures: AtomicU32,
    closed_until: Mutex<Option<Instant>>,
}

impl Gate {
    /// A batch failed since something was down; answers how long the gate stays closed.
    pub(super) fn failed(&self, backoff: Backoff) -> Duration {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let pause = backoff.delay(failures);
        *self.closed_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + pause);
        pause
    }

    /// A batch succeeded.
    pub(super) fn succeeded(&self) {
        if self.failures.swap(0, Ordering::Relaxed) > 0 {
            *self.closed_until.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Returns when receiving may go on.
    pub(super) async fn pass(&self) {
        let until = *self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = until {
            sleep_until(until).await;
        }
    }
}
