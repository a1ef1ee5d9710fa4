//! Giving waiting orders to couriers, in bounded steps, beside the events.

use std::{collections::HashSet, convert::Infallible, time::Duration};

use chrono::{DateTime, Utc};
use dispatch_contracts::{id::OrderId, zone::Zone};
use futures::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use super::{Dispatch, DispatchError};
use crate::{
    choice::{Picked, Warm},
    facts::{Proposal, Source},
};

/// Orders that Redis looks at in one go. A pick takes it some tens of microseconds, so it is held for two milliseconds.
const LOOK: usize = 25;
/// Looks in one step, so that PostgreSQL gets a batch of a useful size.
const LOOKS: usize = 4;
/// A step that takes longer hangs on something.
const TIME: Duration = Duration::from_secs(120);
/// Zones drained at a time.
const ZONES: usize = 4;

/// Where a walk along a line goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Walk {
    /// Behind this order; nothing: at the front.
    pub(super) after: Option<OrderId>,
    /// When one of those that were passed by can be taken without further news.
    pub(super) again: Option<DateTime<Utc>>,
    /// The line has to be walked once more after this walk.
    pub(super) once_more: bool,
}

/// What a step of a walk leaves to do.
enum Next {
    Done,
    Step(Walk),
    Later(DateTime<Utc>),
}

impl Dispatch {
    /// Drains the zones for which it is asked, until `stop`. What is left then, the sweep of another process finds.
    ///
    /// # Errors
    /// None.
    pub async fn run_drains(self, stop: CancellationToken) -> Result<(), Infallible> {
        while let Some(walks) = stop.run_until_cancelled(self.drains.take()).await {
            let steps: Vec<_> = walks.into_iter().map(|(zone, walk)| self.clone().drain(zone, walk)).collect();
            stream::iter(steps).for_each_concurrent(ZONES, |step| step).await;
        }
        Ok(())
    }

    /// One step. Where there is more to do the zone asks again, so that a long line does not hold up other zones.
    async fn drain(self, zone: Zone, walk: Walk) {
        let mut rest = None;
        match tokio::time::timeout(TIME, self.drain_step(&zone, walk)).await {
            Ok(Ok(Next::Done)) => {}
            Ok(Ok(Next::Step(walk))) => rest = Some(walk),
            Ok(Ok(Next::Later(at))) => {
                let wait = (at - self.clock.now()).to_std().unwrap_or(Duration::ZERO);
                self.drains.request_in(&zone, wait);
            }
            Ok(Err(error)) => tracing::warn!(%zone, %error, "draining broke off; the next sweep goes on"),
            Err(_) => tracing::warn!(%zone, "draining hangs; the next sweep goes on"),
        }
        self.drains.stepped(&zone, rest);
    }

    async fn drain_step(&self, zone: &Zone, walk: Walk) -> Result<Next, DispatchError> {
        let (mut picks, now) = (Vec::new(), self.clock.now());
        let next = self.walk(zone, walk, now, &mut picks).await;
        // Also where a later look failed: what was picked need not wait for the sweep.
        self.record_picks(zone, picks, now).await?;
        next
    }

    /// Looks along the line, and puts what was picked into `picks`.
    async fn walk(
        &self,
        zone: &Zone,
        walk: Walk,
        now: DateTime<Utc>,
        picks: &mut Vec<Picked>,
    ) -> Result<Next, DispatchError> {
        let (mut next, mut walk) = (Next::Step(walk), walk);
        for _ in 0..LOOKS {
            let drained = match self.choice.drain(zone, walk.after, LOOK, now).await? {
                Warm::Answer(drained) => drained,
                Warm::Cold => return self.warm(zone).await.map(|()| Next::Step(Walk::default())),
            };
            add_later(picks, drained.picks);
            let again = [walk.again, drained.again].into_iter().flatten().min();
            walk = Walk { after: drained.next, again, once_more: false };
            next = match (drained.more, walk.again) {
                (true, _) => Next::Step(walk),
                (false, Some(again)) => Next::Later(again),
                (false, None) => Next::Done,
            };
            if !drained.more {
                break;
            }
        }
        Ok(next)
    }

    /// Records picks for orders that are recorded as waiting; `now` as in [`Dispatch::record`].
    pub(super) async fn record_picks(
        &self,
        zone: &Zone,
        picks: Vec<Picked>,
        now: DateTime<Utc>,
    ) -> Result<(), DispatchError> {
        if picks.is_empty() {
            return Ok(());
        }
        let held: Vec<_> = picks.iter().map(|(_, pick)| Some(pick.courier_id)).collect();
        let proposal = |(order_id, pick)| Proposal {
            source: Source::Line(zone.clone(), order_id),
            pick: Some(pick),
            assignment_event_id: self.ids.next(),
        };
        let proposals: Vec<_> = picks.into_iter().map(proposal).collect();
        self.record(&proposals, &held, now).await
    }
}

/// Adds the picks of a later look. Redis may have lost an earlier one, or have been told otherwise, and pick an order again: then
/// the later pick is the one that it knows.
fn add_later(picks: &mut Vec<Picked>, later: Vec<Picked>) {
    let again: HashSet<OrderId> = later.iter().map(|(order_id, _)| *order_id).collect();
    picks.retain(|(order_id, _)| !again.contains(order_id));
    picks.extend(later);
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::pick::Pick;

    #[test]
    fn of_two_picks_for_an_order_the_later_counts() {
        let picked = |(order, courier): (u128, u128)| -> Picked {
            let (order, courier_id) = (Uuid::from_u128(order).into(), Uuid::from_u128(courier).into());
            (order, Pick { courier_id, score: 0, runner_up: None, candidates: 1 })
        };
        let mut picks: Vec<Picked> = [(1, 7), (2, 7)].map(picked).into();
        add_later(&mut picks, [(3, 8), (1, 8)].map(picked).into());
        assert_eq!(picks, [(2, 7), (3, 8), (1, 8)].map(picked));
    }
}
