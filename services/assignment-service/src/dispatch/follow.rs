//! Making Redis follow what is committed.

use std::collections::HashSet;

use dispatch_contracts::{id::OrderId, zone::Zone};

use super::{Dispatch, DispatchError, WARM_ATTEMPTS};
use crate::{
    choice::{Told, Warm},
    domain::settlement::{Update, correct},
};

impl Dispatch {
    /// Tells the zones, loading those that are cold: a zone that was loaded meanwhile may have been loaded from what
    /// was committed before. Where somebody can take what waits, a drain is asked for.
    pub(super) async fn follow(&self, mut updates: Vec<Update>) -> Result<(), DispatchError> {
        for _ in 0..WARM_ATTEMPTS {
            let (mut cold, differing) = self.tell(updates).await?;
            let doubtful: Vec<_> =
                differing.iter().filter_map(|update| Some((update.zone().clone(), update.order_id()?))).collect();
            let zones = self.correct_orders(&doubtful).await?;
            cold.extend(differing.into_iter().filter(|update| zones.contains(update.zone())));
            if cold.is_empty() {
                return Ok(());
            }
            let zones: HashSet<Zone> = cold.iter().map(|update| update.zone().clone()).collect();
            for zone in &zones {
                self.warm(zone).await?;
            }
            updates = cold;
        }
        match updates.first() {
            Some(update) => Err(DispatchError::Cold(update.zone().clone())),
            None => Ok(()),
        }
    }

    /// Answers the updates whose zones are cold, and those whose zones think otherwise of the order.
    async fn tell(&self, updates: Vec<Update>) -> Result<(Vec<Update>, Vec<Update>), DispatchError> {
        let answers = self.choice.update(&updates, self.clock.now()).await?;
        let (mut cold, mut differing) = (Vec::new(), Vec::new());
        for (update, answer) in updates.into_iter().zip(answers) {
            match answer {
                Warm::Answer(Told::Follows { drainable: true }) if matches!(update, Update::Await { .. }) => {
                    self.drains.request_also(update.zone());
                }
                Warm::Answer(Told::Follows { drainable: true } | Told::Courier { drainable: true, .. }) => {
                    self.drains.request(update.zone());
                }
                Warm::Answer(Told::Follows { .. } | Told::Courier { .. } | Told::Stale) => {}
                Warm::Answer(Told::Differs) => differing.push(update),
                Warm::Cold => cold.push(update),
            }
        }
        Ok((cold, differing))
    }

    /// Tells the zones how the orders stand now, which may be later than what they were told, and holds the orders so that
    /// nothing later is told in between. Answers the zones that are cold.
    pub(super) async fn correct_orders(&self, doubtful: &[(Zone, OrderId)]) -> Result<HashSet<Zone>, DispatchError> {
        if doubtful.is_empty() {
            return Ok(HashSet::new());
        }
        let asked: Vec<(&Zone, OrderId)> = doubtful.iter().map(|(zone, order)| (zone, *order)).collect();
        let (held, standings) = self.facts.hold_standings(&asked).await?;
        let corrections = doubtful.iter().zip(standings);
        let corrections: Vec<Update> =
            corrections.filter_map(|((zone, order_id), standing)| correct(zone, *order_id, standing)).collect();
        tracing::info!(orders = corrections.len(), "Redis thought otherwise of orders; it was corrected");
        metrics::counter!("dispatch_choice_corrections_total", "of" => "orders").increment(corrections.len() as u64);
        let (cold, _) = self.tell(corrections).await?;
        held.rollback().await.map_err(|error| DispatchError::Facts(error.into()))?;
        Ok(cold.iter().map(|update| update.zone().clone()).collect())
    }
}
