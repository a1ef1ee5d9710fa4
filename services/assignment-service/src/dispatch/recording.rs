//! Recording choices, and making Redis follow what came of them.

use dispatch_contracts::id::CourierId;

use super::{Dispatch, DispatchError};
use crate::{
    domain::settlement::{Update, settle},
    facts::{Proposal, Recorded},
};

impl Dispatch {
    /// Records a batch; `held` says for each proposal with whom Redis has the order.
    pub(super) async fn record(&self, proposals: &[Proposal], held: &[Option<CourierId>]) -> Result<(), DispatchError> {
        let now = self.clock.now();
        let recorded = self.facts.record(proposals, &self.outbox, now).await?;
        metrics::counter!("assignments_total").increment(recorded.assigned as u64);
        // Couriers first: who is no choice must not be chosen again for what goes back into the line.
        let mut updates = self.corrections(&recorded).await?;
        for ((proposal, held), standing) in proposals.iter().zip(held).zip(&recorded.standings) {
            updates.extend(settle(proposal.zone(), proposal.order_id(), *held, *standing));
        }
        self.follow(updates).await
    }

    /// What Redis has to learn of couriers whom it should not have chosen.
    async fn corrections(&self, recorded: &Recorded) -> Result<Vec<Update>, DispatchError> {
        let mut updates = Vec::with_capacity(recorded.unfit.len());
        for (zone, courier_id, courier) in &recorded.unfit {
            tracing::info!(courier.id = %courier_id, %zone, "chosen, but no longer there; the order waits");
            match courier {
                Some(courier) => updates.push(Update::Courier(courier.entry_in(zone))),
                // Redis knows somebody whom the facts do not: it is not the zone's past, so the zone is loaded anew.
                None => self.choice.forget(zone).await?,
            }
        }
        Ok(updates)
    }
}
