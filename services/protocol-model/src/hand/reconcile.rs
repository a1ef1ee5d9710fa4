//! Comparing a zone with the facts: `dispatch/reconcile.rs`. Everything is told as if it had just been committed, and the facts
//! are asked about what Redis has besides.

use super::{Job, Step, follow::Doubt};
use crate::{
    Mutation, Protocol,
    redis::{Entry, Presence},
    set::Set,
    settlement::{News, Standing, Update, settle},
    state::{Order, State, Zone},
};

/// Where a reconciliation of a zone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Reads the couriers of the zone.
    Couriers,
    /// Lists the couriers whom Redis takes for the zone's own.
    Known,
    /// Asks the facts about these.
    Left(Set),
    /// Reads its orders.
    Orders,
    /// Lists what Redis has with somebody by a recorded pick.
    Held,
    /// Lists what Redis has in line.
    Waiting,
    /// Asks the facts about these; whether they were those in line.
    Ask(Set, bool),
    /// Corrects these.
    Correct(Set, bool),
    /// Done.
    End,
}

impl Protocol {
    /// One read, of Redis or of the facts, and what follows from it.
    pub(super) fn reconcile(&self, state: &State, zone: Zone, stage: Stage) -> (Job, Option<Step>) {
        let all = 0..state.facts.orders.len();
        let (next, updates) = match stage {
            Stage::Couriers => {
                let here = |courier: &usize| state.facts.couriers[*courier].is_some_and(|known| known.zone == zone);
                let told =
                    |courier| Some(Update { zone, news: News::Courier(courier, state.facts.entry(courier, zone)?) });
                let next = if self.mutation == Some(Mutation::LeftUnquestioned) { Stage::Orders } else { Stage::Known };
                (next, (0..state.facts.couriers.len()).filter(here).filter_map(told).collect())
            }
            Stage::Known => {
                let cache = &state.redis[zone];
                let is_own = |entry: &Option<Entry>| entry.is_some_and(|entry| entry.presence != Presence::Gone);
                let own = (0..cache.entries.len()).filter(|courier| is_own(&cache.entries[*courier]));
                (Stage::Left(if cache.is_cold(self.mutation) { Set::new() } else { own.collect() }), Vec::new())
            }
            Stage::Left(listed) => {
                let told = |courier| {
                    let entry = state.facts.entry(courier, zone).filter(|entry| entry.presence == Presence::Gone)?;
                    Some(Update { zone, news: News::Courier(courier, entry) })
                };
                (Stage::Orders, listed.iter().filter_map(told).collect())
            }
            Stage::Orders => {
                let open = |order: &Order| is_open(state.facts.standing(*order, zone));
                let told = |order| settle(zone, order, None, state.facts.standing(order, zone));
                (Stage::Held, all.filter(open).filter_map(told).collect())
            }
            Stage::Held => {
                let cache = &state.redis[zone];
                let held = all.filter(|order| cache.orders[*order].is_some() && !cache.unrecorded.has(*order));
                let listed = if cache.is_cold(self.mutation) { Set::new() } else { held.collect() };
                (Stage::Ask(listed, false), Vec::new())
            }
            Stage::Waiting => {
                let cache = &state.redis[zone];
                (Stage::Ask(if cache.is_cold(self.mutation) { Set::new() } else { cache.pending }, true), Vec::new())
            }
            Stage::Ask(listed, in_line) => {
                let closed = listed.iter().filter(|order| !is_open(state.facts.standing(*order, zone)));
                (Stage::Correct(closed.collect(), in_line), Vec::new())
            }
            Stage::Correct(..) | Stage::End => (Stage::End, Vec::new()),
        };
        let job = Job::Reconcile(zone, next);
        (job, self.then_follow(job, updates))
    }

    /// The next stage that has something to do, when what follows from the one before is told.
    pub(super) fn next_stage(&self, zone: Zone, stage: Stage) -> Option<(Job, Step)> {
        let (stage, then) = match stage {
            Stage::Left(listed) if listed.is_empty() => (Stage::Orders, None),
            Stage::Ask(listed, false) if listed.is_empty() => (Stage::Waiting, None),
            Stage::Correct(closed, in_line) if closed.is_empty() => {
                (if in_line { Stage::End } else { Stage::Waiting }, None)
            }
            Stage::Correct(mut closed, in_line) => {
                let order = closed.iter().next()?;
                closed.remove(order);
                (Stage::Correct(closed, in_line), Some(Doubt { zone, order, told: None }))
            }
            other => (other, None),
        };
        match (stage, then) {
            (Stage::End, None) => None,
            (Stage::Ask(listed, true), None) if listed.is_empty() => None,
            (stage, Some(doubt)) => Some((Job::Reconcile(zone, stage), Step::Hold(doubt.alone()))),
            (stage, None) => Some((Job::Reconcile(zone, stage), Step::Reconcile(zone, stage))),
        }
    }
}

const fn is_open(standing: Standing) -> bool {
    matches!(standing, Standing::Assigned(_) | Standing::Pending(_))
}
