//! Giving waiting orders to couriers, in bounded steps, beside the events.

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use dispatch_contracts::zone::Zone;
use futures::{StreamExt as _, stream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Dispatch, DispatchError};
use crate::{
    choice::{Picks, Warm},
    facts::{Proposal, Source},
};

/// Orders in one step: Redis is held for about a millisecond, and PostgreSQL gets a batch of a useful size.
const STEP: usize = 100;
/// A step that takes longer hangs on something.
const TIME: Duration = Duration::from_secs(120);
/// Zones drained at a time.
const ZONES: usize = 4;

/// Zones in which an order waits that somebody could take.
#[derive(Default)]
pub struct DrainRequests {
    zones: Mutex<HashSet<Zone>>,
    requested: Notify,
}

impl DrainRequests {
    /// Asks for a drain; several requests for a zone are one.
    pub fn request(&self, zone: &Zone) {
        self.zones.lock().unwrap_or_else(PoisonError::into_inner).insert(zone.clone());
        self.requested.notify_one();
    }

    async fn take(&self) -> HashSet<Zone> {
        self.requested.notified().await;
        std::mem::take(&mut self.zones.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Dispatch {
    /// Drains the zones for which it is asked, until `stop`. What is left then, the sweep of another process finds.
    ///
    /// # Errors
    /// None.
    pub async fn run_drains(self, stop: CancellationToken) -> Result<(), Infallible> {
        while let Some(zones) = stop.run_until_cancelled(self.drains.take()).await {
            let steps: Vec<_> = zones.into_iter().map(|zone| self.clone().drain(zone)).collect();
            stream::iter(steps).for_each_concurrent(ZONES, |step| step).await;
        }
        Ok(())
    }

    /// One step. Where there is more to do the zone asks again, so that a long line does not hold up other zones.
    async fn drain(self, zone: Zone) {
        match tokio::time::timeout(TIME, self.drain_step(&zone)).await {
            Ok(Ok(true)) => self.drains.request(&zone),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => tracing::warn!(%zone, %error, "draining broke off; the next sweep goes on"),
            Err(_) => tracing::warn!(%zone, "draining hangs; the next sweep goes on"),
        }
    }

    /// Whether there is more to do.
    async fn drain_step(&self, zone: &Zone) -> Result<bool, DispatchError> {
        match self.choice.drain(zone, self.clock.now(), STEP).await? {
            Warm::Cold => self.warm(zone).await.map(|()| true),
            Warm::Answer(picks) => {
                let more = picks.drainable;
                self.record_picks(zone, picks).await.map(|()| more)
            }
        }
    }

    /// Records picks for orders that are recorded as waiting.
    pub(super) async fn record_picks(&self, zone: &Zone, picks: Picks) -> Result<(), DispatchError> {
        if picks.picks.is_empty() {
            return Ok(());
        }
        let held: Vec<_> = picks.picks.iter().map(|(_, pick)| Some(pick.courier_id)).collect();
        let proposal = |(order_id, pick)| Proposal {
            source: Source::Line(zone.clone(), order_id),
            pick: Some(pick),
            assignment_event_id: self.ids.next(),
        };
        let proposals: Vec<_> = picks.picks.into_iter().map(proposal).collect();
        self.record(&proposals, &held).await
    }
}
