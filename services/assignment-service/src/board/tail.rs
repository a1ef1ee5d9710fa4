//! Follows the event log while somebody looks, so that pages know when to look again.
//!
//! A pulse says what the newest lines are about. It is a level, not a queue: whoever is busy misses pulses, not that something has
//! changed. At a high rate a pulse holds the newest lines alone, and counts as news of everything for who was last here
//! before them.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};

use crate::facts::{Facts, FactsError, Touch};

/// Between two looks at the log.
const INTERVAL: Duration = Duration::from_millis(200);
/// After a look that failed.
const REST: Duration = Duration::from_secs(1);
/// Lines whose subjects are known.
const KEPT: usize = 1_000;

/// What the newest lines are about.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulse {
    /// Up to which number the log is known.
    pub(super) settled: i64,
    /// Lines up to this number are not among those below.
    before: i64,
    touches: Arc<VecDeque<Touch>>,
}

impl Pulse {
    /// Whether a line behind `seen` is of concern.
    pub(super) fn is_news(&self, seen: i64, concerns: impl FnMut(&Touch) -> bool) -> bool {
        let newer = self.touches.iter().rev().take_while(|touch| touch.seq > seen);
        self.settled > seen && (seen < self.before || newer.into_iter().any(concerns))
    }

    fn next(&self, settled: i64, newest_first: Vec<Touch>) -> Self {
        let is_cut = newest_first.len() == KEPT;
        let mut touches = if is_cut { VecDeque::new() } else { (*self.touches).clone() };
        let mut before = if is_cut { newest_first.last().map_or(settled, |touch| touch.seq - 1) } else { self.before };
        touches.extend(newest_first.into_iter().rev());
        while touches.len() > KEPT {
            before = touches.pop_front().map_or(before, |touch| touch.seq);
        }
        Self { settled, before, touches: Arc::new(touches) }
    }
}

/// The end of the log.
#[derive(Debug)]
pub(super) struct Tail {
    facts: Facts,
    pulse: watch::Sender<Pulse>,
    looked_at: Notify,
}

impl Tail {
    pub(super) fn new(facts: Facts) -> Self {
        Self { facts, pulse: watch::Sender::new(Pulse::default()), looked_at: Notify::new() }
    }

    /// From now on there are pulses for this one.
    pub(super) fn watch(&self) -> watch::Receiver<Pulse> {
        let pulses = self.pulse.subscribe();
        self.looked_at.notify_one();
        pulses
    }

    /// For ever; at rest while nobody looks.
    pub(super) async fn follow(&self) {
        loop {
            while self.pulse.receiver_count() == 0 {
                self.looked_at.notified().await;
            }
            let pause = match self.look().await {
                Ok(()) => INTERVAL,
                Err(error) => {
                    tracing::debug!(%error, "the log cannot be followed");
                    REST
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn look(&self) -> Result<(), FactsError> {
        let last = self.pulse.borrow().settled;
        let settled = self.facts.settled().await?;
        if settled > last {
            let touches = self.facts.touches(last, settled, KEPT).await?;
            self.pulse.send_modify(|pulse| *pulse = pulse.next(settled, touches));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(seq: i64) -> Touch {
        Touch { seq, r#type: "AddOrder".to_owned(), order_id: None, courier_id: None, zone: None }
    }

    fn lines(range: std::ops::RangeInclusive<i64>) -> Vec<Touch> {
        range.rev().map(touch).collect()
    }

    #[test]
    fn only_what_is_behind_the_last_look_is_news() {
        let pulse = Pulse::default().next(3, lines(1..=3));
        assert!(pulse.is_news(2, |line| line.seq == 3));
        assert!(!pulse.is_news(3, |_| true), "seen");
        assert!(!pulse.is_news(2, |line| line.seq == 2), "of no concern");
        let pulse = pulse.next(5, lines(4..=5));
        assert!(pulse.is_news(2, |line| line.seq == 3), "an earlier pulse was missed");
    }

    #[test]
    fn what_is_not_known_any_more_is_news_to_everybody() {
        let kept = i64::try_from(KEPT).expect("a number");
        let pulse = Pulse::default().next(10, lines(1..=10)).next(kept + 5, lines(11..=kept + 5));
        assert!(pulse.is_news(4, |_| false), "line 5 is gone");
        assert!(!pulse.is_news(5, |_| false), "all since then are known");
        // More at once than are kept.
        let pulse = pulse.next(5 * kept, lines(4 * kept + 1..=5 * kept));
        assert!(pulse.is_news(kept + 5, |_| false));
        assert!(!pulse.is_news(4 * kept, |_| false));
    }
}
