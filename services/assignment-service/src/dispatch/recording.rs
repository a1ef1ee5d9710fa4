//! Recording choices, and making Redis follow what came of them.

use dispatch_contracts::id::CourierId;

use super::{Dispatch, DispatchError};
use crate::{
    choice::{Told, Warm},
    domain::settlement::{Update, settle},
    facts::{Proposal, Recorded},
};

impl Dispatch {
    /// Records a batch; `held` says for each proposal with whom Redis has the order.
    pub(super) async fn record(&self, proposals: &[Proposal], held: &[Option<CourierId>]) -> Result<(), DispatchError> {
        let now = self.clock.now();
        let recorded = self.facts.record(proposals, &self.outbox, now).await?;
        metrics::counter!("assignments_total").increment(recorded.assigned as u64);
        // First: who is no choice must not be chosen again for what goes back into the line.
        self.correct(&recorded).await?;
        let settled =
            proposals.iter().zip(held).zip(&recorded.standings).filter_map(|((proposal, held), standing)| {
                settle(proposal.zone(), proposal.order_id(), *held, *standing)
            });
        self.follow(settled.collect()).await
    }

    /// Tells Redis of couriers whom it should not have chosen. Where it knows better than the facts, or knows somebody
    /// whom the facts do not, it is not the zone's past, or is just being told: the zone is loaded anew.
    async fn correct(&self, recorded: &Recorded) -> Result<(), DispatchError> {
        for (zone, courier_id, courier) in &recorded.unfit {
            tracing::info!(courier.id = %courier_id, %zone, "chosen, but no longer there; the order waits");
            let told = match courier {
                Some(courier) => self.choice.update(&[Update::Courier(courier.entry_in(zone))]).await?,
                None => vec![Warm::Answer(Told::Stale)],
            };
            if told == [Warm::Answer(Told::Stale)] {
                self.choice.forget(zone).await?;
            }
        }
        Ok(())
    }
}
