//! Reconciling Redis with the facts, zone by zone: what a process that died never told it, what a failover lost, and what is
//! there that should not be.
//!
//! Everything is told as if it had just been committed, so a zone that is right is not changed, and what is under way
//! meanwhile is not disturbed: where Redis differs, the order's row is held while it is told.

use std::{convert::Infallible, time::Duration};

use dispatch_contracts::{
    id::{CourierId, OrderId},
    zone::Zone,
};
use tokio_util::sync::CancellationToken;

use super::{Dispatch, DispatchError};
use crate::{
    choice::{Listing, Told, Warm},
    domain::{
        courier::Courier,
        settlement::{Update, settle},
    },
};

/// Zones, orders or couriers read at a time.
const PAGE: u32 = 200;
/// A zone that takes longer hangs on something.
const TIME: Duration = Duration::from_secs(300);

impl Dispatch {
    /// Reconciles all zones again and again, until `stop`. Several processes may.
    ///
    /// # Errors
    /// None.
    pub async fn run_reconciling(self, interval: Duration, stop: CancellationToken) -> Result<(), Infallible> {
        while stop.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
            if let Some(Err(error)) = stop.run_until_cancelled(self.reconcile()).await {
                tracing::warn!(%error, "reconciling broke off");
            }
        }
        Ok(())
    }

    /// Reconciles all zones once.
    ///
    /// # Errors
    /// PostgreSQL does not answer. What goes wrong in one zone is logged, and the next one is gone on with.
    pub async fn reconcile(&self) -> Result<(), DispatchError> {
        let mut after: Option<Zone> = None;
        loop {
            let zones = self.facts.zones(after.as_ref(), PAGE).await?;
            for zone in &zones {
                match tokio::time::timeout(TIME, self.reconcile_zone(&zone.zone)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(zone = %zone.zone, %error, "the zone could not be reconciled"),
                    Err(_) => tracing::warn!(zone = %zone.zone, "reconciling the zone hangs"),
                }
            }
            match zones.into_iter().last() {
                Some(last) => after = Some(last.zone),
                None => return Ok(()),
            }
        }
    }

    /// Reconciles one zone.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer; it may be repeated.
    pub async fn reconcile_zone(&self, zone: &Zone) -> Result<(), DispatchError> {
        // A cold zone is loaded from the facts when it is needed.
        if !self.choice.is_warm(zone, self.clock.now()).await? {
            return Ok(());
        }
        self.tell_couriers(zone).await?;
        self.question_couriers(zone).await?;
        self.tell_orders(zone).await?;
        for listing in [Listing::Held, Listing::Waiting] {
            self.question_orders(zone, listing).await?;
        }
        Ok(())
    }

    async fn tell_couriers(&self, zone: &Zone) -> Result<(), DispatchError> {
        let mut after = None;
        loop {
            let couriers = self.facts.couriers_of(zone, after, PAGE).await?;
            let Some(last) = couriers.last() else { return Ok(()) };
            after = Some(last.courier_id);
            self.correct_couriers(zone, &couriers).await?;
        }
    }

    /// Asks the facts about the couriers whom Redis takes for the zone's own: of those who have left, the zone may never have
    /// heard it.
    async fn question_couriers(&self, zone: &Zone) -> Result<(), DispatchError> {
        let mut cursor = "0".to_owned();
        while let Warm::Answer((ids, next)) = self.choice.list_couriers(zone, &cursor, self.clock.now()).await? {
            let known = self.facts.couriers(&ids).await?;
            // Not by their numbers: a scan may list somebody twice.
            let is_known = |id: &CourierId| known.iter().any(|courier| courier.courier_id == *id);
            if !ids.iter().all(is_known) {
                tracing::warn!(%zone, "Redis has couriers whom nobody has heard of; the zone is loaded anew");
                return Ok(self.choice.forget(zone, self.clock.now()).await?);
            }
            let gone: Vec<_> = known.into_iter().filter(|courier| courier.zone != *zone).collect();
            self.correct_couriers(zone, &gone).await?;
            if next == "0" {
                break;
            }
            cursor = next;
        }
        Ok(())
    }

    /// Tells the zone how couriers are, and counts those of whom it thought otherwise.
    async fn correct_couriers(&self, zone: &Zone, couriers: &[Courier]) -> Result<(), DispatchError> {
        let updates: Vec<_> = couriers.iter().map(|courier| Update::Courier(courier.entry_in(zone))).collect();
        let mut corrected = 0;
        for answer in self.choice.update(&updates, self.clock.now()).await? {
            if let Warm::Answer(Told::Courier { drainable, known }) = answer {
                corrected += u64::from(!known);
                if drainable {
                    self.drains.request(zone);
                }
            }
        }
        if corrected > 0 {
            tracing::info!(%zone, couriers = corrected, "Redis thought otherwise of couriers; it was corrected");
            metrics::counter!("dispatch_choice_corrections_total", "of" => "couriers").increment(corrected);
        }
        Ok(())
    }

    async fn tell_orders(&self, zone: &Zone) -> Result<(), DispatchError> {
        let mut after = None;
        loop {
            let orders = self.facts.open_orders_of(zone, after, PAGE).await?;
            let Some((last, _)) = orders.last() else { return Ok(()) };
            after = Some(*last);
            let updates = orders.into_iter().filter_map(|(order, standing)| settle(zone, order, None, standing));
            self.follow(updates.collect()).await?;
        }
    }

    /// Asks the facts about what Redis has, and corrects what they know otherwise.
    async fn question_orders(&self, zone: &Zone, listing: Listing) -> Result<(), DispatchError> {
        let mut cursor = "0".to_owned();
        while let Warm::Answer((orders, next)) =
            self.choice.list_orders(zone, listing, &cursor, self.clock.now()).await?
        {
            let asked: Vec<(&Zone, OrderId)> = orders.into_iter().map(|order| (zone, order)).collect();
            let doubtful = self.facts.not_open(&asked).await?;
            self.correct_orders(&doubtful.iter().map(|order| (zone.clone(), *order)).collect::<Vec<_>>()).await?;
            if next == "0" {
                break;
            }
            cursor = next;
        }
        Ok(())
    }
}
