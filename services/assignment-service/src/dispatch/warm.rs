//! Loading a cold zone into Redis from the facts.

use dispatch_contracts::zone::Zone;
use uuid::Uuid;

use super::{Dispatch, DispatchError};
use crate::choice::LoadStep;

/// Entries in one step: two milliseconds of Redis.
const STEP: usize = 100;

impl Dispatch {
    /// Returns when the zone is warm, or was a moment ago. One process loads; the others wait for it.
    pub(super) async fn warm(&self, zone: &Zone) -> Result<(), DispatchError> {
        // Closed never: the semaphore lives as long as `self`.
        let _permit = self.loads.acquire().await.ok();
        let lock = self.facts.lock_zone(zone).await?;
        if !self.choice.is_warm(zone, self.clock.now()).await? {
            self.load(zone).await?;
        }
        lock.rollback().await.map_err(|error| DispatchError::Facts(error.into()))
    }

    /// Loads the zone anew, whatever it has.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer; the zone may be cold, and is loaded when it is needed.
    pub async fn rebuild(&self, zone: &Zone) -> Result<(), DispatchError> {
        let lock = self.facts.lock_zone(zone).await?;
        self.choice.forget(zone, self.clock.now()).await?;
        self.load(zone).await?;
        lock.rollback().await.map_err(|error| DispatchError::Facts(error.into()))
    }

    async fn load(&self, zone: &Zone) -> Result<(), DispatchError> {
        let token = Uuid::new_v4().simple().to_string();
        // Emptied before the facts are read: what commits after the reading finds the zone cold, or warm by then, and
        // is told to it either way.
        if !self.choice.load(zone, &token, &LoadStep::Begin, self.clock.now()).await? {
            return Ok(());
        }
        let facts = self.facts.zone(zone, self.policy.window, self.clock.now()).await?;
        tracing::info!(
            %zone,
            couriers = facts.couriers.len(),
            orders = facts.orders.len(),
            waiting = facts.waiting.len(),
            "loading the zone into Redis"
        );
        let drainable = !facts.waiting.is_empty();
        let orders = facts.orders.chunks(STEP).map(|chunk| LoadStep::Orders(chunk.to_vec()));
        let recent = facts.recent.chunks(STEP).map(|chunk| LoadStep::Recent(chunk.to_vec()));
        let couriers = facts.couriers.chunks(STEP).map(|chunk| LoadStep::Couriers(chunk.to_vec()));
        let declined = facts.declined.chunks(STEP).map(|chunk| LoadStep::Declined(chunk.to_vec()));
        let pending = facts.waiting.chunks(STEP).map(|chunk| LoadStep::Pending(chunk.to_vec()));
        let steps = orders.chain(recent).chain(couriers).chain(declined).chain(pending).chain([LoadStep::Finish]);
        for step in steps {
            if !self.choice.load(zone, &token, &step, self.clock.now()).await? {
                tracing::warn!(%zone, "somebody else loads the zone");
                return Ok(());
            }
        }
        metrics::counter!("dispatch_zone_loads_total").increment(1);
        if drainable {
            self.drains.request(zone);
        }
        Ok(())
    }
}
