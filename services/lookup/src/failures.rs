//! Lookups that another service did not answer: each is counted, and one in a while is logged.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tonic::Status;

/// Between two lines about one service. While it is down every page that is looked at asks again and again.
const QUIET: Duration = Duration::from_secs(10);

/// The failures of lookups at one service. Cloning shares them.
#[derive(Debug, Clone)]
pub(crate) struct Failures {
    service: &'static str,
    said: Arc<Mutex<Said>>,
}

/// What was said of them.
#[derive(Debug, Default)]
struct Said {
    last: Option<Instant>,
    /// Failures since then, or since ever.
    since: u64,
}

impl Failures {
    pub(crate) fn at(service: &'static str) -> Self {
        metrics::counter!("dispatch_lookup_failures_total", "service" => service).increment(0);
        Self { service, said: Arc::default() }
    }

    /// One more; `missing` is how much was asked for and not found, where that is known.
    pub(crate) fn add(&self, error: &Status, missing: Option<usize>) {
        metrics::counter!("dispatch_lookup_failures_total", "service" => self.service).increment(1);
        let due = self.said.lock().unwrap_or_else(PoisonError::into_inner).add(Instant::now());
        if let Some(failures) = due {
            tracing::warn!(%error, service = self.service, missing, failures, "another service could not be asked");
        }
    }
}

impl Said {
    /// How many there were, this one included, when it is time to say so.
    fn add(&mut self, now: Instant) -> Option<u64> {
        self.since += 1;
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < QUIET) {
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_said_at_once_and_the_others_together() {
        let (mut said, start) = (Said::default(), Instant::now());
        let lines = [0, 1, 9, 10, 11, 40].map(|second| said.add(start + Duration::from_secs(second)));
        assert_eq!(lines, [Some(1), None, None, Some(3), None, Some(2)]);
    }
}
