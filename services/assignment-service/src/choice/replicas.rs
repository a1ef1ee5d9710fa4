//! Waiting until replicas have what a batch wrote, so that a failover does not lose it.
//!
//! It only makes a loss less likely: the facts are right in any case, and what a failover lost is reconciled. So a batch
//! waits for a bounded time and goes on, and that it had to is counted and said.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use redis::Cmd;

use super::settings::Acknowledgement;

/// Between two warnings.
const QUIET: Duration = Duration::from_secs(60);

pub(super) struct Replicas {
    wanted: Acknowledgement,
    warned: Mutex<Option<Instant>>,
}

impl Replicas {
    pub(super) fn new(wanted: Acknowledgement) -> Self {
        Self { wanted, warned: Mutex::default() }
    }

    /// Answers how many replicas have what was written before it on the same connection.
    pub(super) fn command(&self) -> Cmd {
        let mut command = redis::cmd("WAIT");
        command.arg(self.wanted.replicas).arg(self.wanted.timeout.as_millis() as u64);
        command
    }

    /// Counts and tells when they are too few.
    pub(super) fn note(&self, acknowledged: u32) {
        let wanted = self.wanted.replicas;
        if acknowledged >= wanted {
            return;
        }
        metrics::counter!("dispatch_redis_wait_short_total").increment(1);
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_none_or(|at| at.elapsed() > QUIET) {
            *warned = Some(Instant::now());
            tracing::warn!(acknowledged, wanted, "too few replicas of Redis had a batch in time; it went on");
        }
    }
}
