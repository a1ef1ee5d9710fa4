//! Recording choices, and making Redis follow what came of them.

use chrono::{DateTime, Utc};
use dispatch_contracts::{id::CourierId, zone::Zone};
use trace::TraceParent;

use super::{Dispatch, DispatchError};
use crate::{
    choice::{Told, Warm},
    domain::{
        courier::Courier,
        settlement::{Update, settle},
    },
    facts::{Proposal, Recorded, Unfit, Why},
};

impl Dispatch {
    /// Records a batch; `held` says for each proposal with whom Redis has the order. `now` is when Redis was asked to choose:
    /// a window that Redis keeps is then one of the times that are published, however long the recording takes.
    pub(super) async fn record(
        &self,
        proposals: &[Proposal],
        held: &[Option<CourierId>],
        now: DateTime<Utc>,
    ) -> Result<(), DispatchError> {
        let Recorded { standings, assigned, waited, unfit } =
            self.facts.record(proposals, &self.outbox, now, self.policy.decline_ttl).await?;
        metrics::counter!("dispatch_assignments_total").increment(assigned as u64);
        for waited in waited {
            metrics::histogram!("dispatch_order_wait_seconds")
                .record(waited.to_std().unwrap_or_default().as_secs_f64());
        }
        // First: who is no choice must not be chosen again for what goes back into the line.
        for unfit in &unfit {
            self.correct_courier(unfit).await?;
        }
        let settled =
            proposals.iter().zip(held).zip(standings).filter_map(|((proposal, held), standing)| {
                settle(proposal.zone(), proposal.order_id(), *held, standing)
            });
        self.follow(settled.collect()).await
    }

    /// Tells Redis of a courier whom it should not have chosen. Where it knows better than the facts, or knows somebody
    /// whom the facts do not, or has counted fewer orders than they have although it knew their limit, it is not the
    /// zone's past, or is just being told: the zone is loaded anew.
    async fn correct_courier(&self, unfit: &Unfit) -> Result<(), DispatchError> {
        let Unfit { order_id, trace, zone, courier_id, courier, why } = unfit;
        let trace = match trace {
            Some(trace) => Some(*trace),
            None => self.facts.trace_of(*order_id).await?,
        };
        tracing::info!(
            order.id = %order_id, courier.id = %courier_id, trace.id = trace.map(TraceParent::trace_id), %zone, ?why,
            "chosen, but cannot take it; the order waits"
        );
        let mut told = self.tell_of(courier.as_ref(), zone).await?;
        if told == Some(Told::Stale) {
            // Perhaps only newer than what was read then.
            let now = self.facts.couriers(&[*courier_id]).await?.pop();
            told = self.tell_of(now.as_ref(), zone).await?;
        }
        let wrong = match told {
            Some(Told::Courier { known, .. }) => known && *why == Why::Full,
            Some(_) => true,
            None => false,
        };
        if wrong {
            self.choice.forget(zone, self.clock.now()).await?;
        }
        Ok(())
    }

    /// What the zone answers to how the courier is; nothing when it is cold.
    async fn tell_of(&self, courier: Option<&Courier>, zone: &Zone) -> Result<Option<Told>, DispatchError> {
        let Some(courier) = courier else { return Ok(Some(Told::Stale)) };
        let update = Update::Courier(courier.entry_in(zone));
        Ok(match self.choice.update(&[update], self.clock.now()).await?.pop() {
            Some(Warm::Answer(told)) => Some(told),
            Some(Warm::Cold) | None => None,
        })
    }
}
