//! Recording a choice, and what follows from it: `dispatch/orders.rs` and `dispatch/recording.rs`.

use super::{Job, Phase, Step};
use crate::{
    Mutation, Protocol,
    facts::{Proposal, Recorded, Snapshot, Source, Unfit},
    redis::{Chosen, Told},
    settlement::{News, Update, settle},
    state::{Change, Courier, Happening, Order, State, Zone},
};

impl Protocol {
    /// The script `assign_order`.
    pub(super) fn choose(
        &self,
        state: &mut State,
        job: Job,
        (order, zone): (Order, Zone),
        pick: Option<Courier>,
    ) -> Option<Step> {
        let Job::Letter(letter) = job else { return None };
        let cache = &mut state.redis[zone];
        if cache.is_cold(self.mutation) {
            let then = Some(Box::new(Step::Choose(order, zone)));
            return Some(Step::Load(zone, Phase::Check, Snapshot::default(), then));
        }
        let (pick, held) = match (cache.known(order), pick) {
            (Some(Chosen::Known(courier)), _) => (None, Some(courier)),
            (Some(Chosen::Picked(courier)), _) => (Some(courier), Some(courier)),
            (None, Some(courier)) => {
                cache.pick(order, courier);
                (Some(courier), Some(courier))
            }
            (Some(Chosen::Nobody), _) | (None, None) => (None, None),
        };
        let proposal = Proposal { source: Source::Event(letter), order, zone, pick };
        Some(if self.mutation == Some(Mutation::PublishBeforeCommit) {
            Step::PublishEarly(proposal, held)
        } else {
            Step::Record(proposal, held)
        })
    }

    pub(super) fn publish_early(&self, state: &mut State, proposal: Proposal, held: Option<Courier>) -> Option<Step> {
        if let Some(courier) = proposal.pick {
            let at = state.now(proposal.order, &self.scenario.events);
            state.published.push((proposal.order, Happening { at, change: Change::Assigned(courier) }));
            state.published.sort_unstable();
            state.published.dedup();
        }
        Some(Step::Record(proposal, held))
    }

    /// The transaction of `facts/record.rs`.
    pub(super) fn record(
        &self,
        state: &mut State,
        job: Job,
        proposal: Proposal,
        held: Option<Courier>,
    ) -> Option<Step> {
        let now = state.now(proposal.order, &self.scenario.events);
        let Recorded { standing, unfit } = state.facts.record(&proposal, now, self.mutation);
        let update = settle(proposal.zone, proposal.order, held, standing);
        // First: who is no choice must not be chosen again for what goes back into the line.
        match unfit {
            Some(unfit) => Some(Step::CorrectCourier(proposal.zone, unfit, false, update)),
            None => self.then_follow(job, update.into_iter().collect()),
        }
    }

    /// Tells Redis of a courier whom it should not have chosen; a zone that is not simply behind the facts is made cold.
    pub(super) fn correct_courier(
        &self,
        state: &mut State,
        job: Job,
        (zone, unfit): (Zone, Unfit),
        again: bool,
        then: Option<Update>,
    ) -> Option<Step> {
        let told = unfit
            .entry
            .map_or(Told::Stale, |entry| state.redis[zone].follow(News::Courier(unfit.courier, entry), self.mutation));
        match told {
            Told::Stale if !again => Some(Step::LookAgain(zone, unfit, then)),
            Told::Stale => Some(Step::Forget(zone, then)),
            Told::Known(_) if unfit.full => Some(Step::Forget(zone, then)),
            _ => self.then_follow(job, then.into_iter().collect()),
        }
    }

    /// Reads how the courier is now: perhaps Redis only knew something newer than what was read then.
    pub(super) fn look_again(&self, state: &State, zone: Zone, unfit: Unfit, then: Option<Update>) -> Option<Step> {
        let unfit = Unfit { entry: state.facts.entry(unfit.courier, zone), ..unfit };
        Some(Step::CorrectCourier(zone, unfit, true, then))
    }
}
