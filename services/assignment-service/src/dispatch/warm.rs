//! Loading a cold zone into Redis from the facts.
//!
//! Guarantees: one process loads at a time, and it comes to its end however large the zone is and whoever it was that needed the
//! zone and gave up.

use std::{sync::Arc, time::Duration};

use dispatch_contracts::zone::Zone;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Dispatch, DispatchError};
use crate::{choice::LoadStep, facts::ZoneLock};

/// Entries in one step: two milliseconds of Redis.
const STEP: usize = 100;
/// After how long the lock is used again, so that PostgreSQL does not end it for being idle.
const HOLD: Duration = Duration::from_secs(5);

impl Dispatch {
    /// Returns when the zone is warm, or was a moment ago. One process loads; the others wait for it.
    pub(super) async fn warm(&self, zone: &Zone) -> Result<(), DispatchError> {
        // Closed never: the semaphore lives as long as `self`.
        let permit = Arc::clone(&self.loads).acquire_owned().await.ok();
        let (dispatch, zone) = (self.clone(), zone.clone());
        // In a task of its own: who needs the zone may have less time than the load takes, and would begin it again and again.
        let warming = async move {
            let _permit = permit;
            dispatch.warm_alone(&zone).await
        };
        tokio::spawn(warming).await.map_err(DispatchError::Ended)?
    }

    async fn warm_alone(&self, zone: &Zone) -> Result<(), DispatchError> {
        let mut lock = self.facts.lock_zone(zone).await?;
        if !self.choice.is_warm(zone, self.clock.now()).await? {
            self.load(zone, &mut lock).await?;
        }
        Ok(lock.release().await?)
    }

    /// Loads the zone anew, whatever it has.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer; the zone may be cold, and is loaded when it is needed.
    pub async fn rebuild(&self, zone: &Zone) -> Result<(), DispatchError> {
        let mut lock = self.facts.lock_zone(zone).await?;
        self.choice.forget(zone, self.clock.now()).await?;
        self.load(zone, &mut lock).await?;
        Ok(lock.release().await?)
    }

    async fn load(&self, zone: &Zone, lock: &mut ZoneLock) -> Result<(), DispatchError> {
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
        let mut held = Instant::now();
        for step in steps {
            if held.elapsed() > HOLD {
                lock.hold().await?;
                held = Instant::now();
            }
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
