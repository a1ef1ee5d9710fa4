//! When the system is at rest, and what a sweep finds to do.

use crate::{
    Mutation, Protocol,
    facts::Status,
    hand::Hand,
    redis::{Entry, Presence},
    settlement::Standing,
    state::{Order, State, Zone},
};

/// Something that a sweep takes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leftover {
    /// An order that waits, by the facts, and its zone.
    Line(Order, Zone),
    /// A pick that is not known to be committed.
    Pick(Order, Zone),
    /// A zone that differs from the facts: what reconciling is for.
    Drift(Zone),
}

impl Protocol {
    /// What a sweep may look at while others are at work: the age of a pick only makes it unlikely that it is still under way.
    pub(crate) fn under_way(&self, state: &State) -> Vec<Leftover> {
        let waiting = state.facts.orders.iter().enumerate().filter_map(|(order, row)| {
            let row = row.filter(|row| row.status == Status::Pending)?;
            Some(Leftover::Line(order, row.zone?))
        });
        let warm = state.redis.iter().enumerate().filter(|(_, cache)| !cache.is_cold(self.mutation));
        let picks =
            warm.flat_map(|(zone, cache)| cache.unrecorded.iter().map(move |order| Leftover::Pick(order, zone)));
        let reconciled = (0..state.redis.len()).filter(|zone| self.scenario.reconciles && state.redis[*zone].warm);
        waiting.chain(picks).chain(reconciled.map(Leftover::Drift)).collect()
    }

    /// What a sweep changes something about, while nobody else is at work. The real one looks at all of it again and again;
    /// where it changes nothing it is no step here.
    pub(crate) fn leftovers(&self, state: &State) -> Vec<Leftover> {
        if self.mutation == Some(Mutation::NoSweep) {
            return Vec::new();
        }
        let is_left = |left: &Leftover| match *left {
            Leftover::Pick(..) => true,
            Leftover::Drift(zone) => drifts(state, zone) || self.keeps_who_left(state, zone),
            Leftover::Line(order, zone) => {
                let cache = &state.redis[zone];
                let in_line = cache.pending.has(order);
                let recorded = cache.orders[order].is_some() && !cache.unrecorded.has(order);
                cache.is_cold(self.mutation)
                    || recorded
                    || (!in_line && cache.orders[order].is_none())
                    || (in_line && cache.best(order).next().is_some())
            }
        };
        self.under_way(state).into_iter().filter(is_left).collect()
    }

    /// Whether a zone takes a courier for its own who is of another one.
    fn keeps_who_left(&self, state: &State, zone: Zone) -> bool {
        let own = |entry: &Entry| entry.presence != Presence::Gone;
        let has_left = |courier: usize| state.facts.entry(courier, zone).is_some_and(|entry| !own(&entry));
        let entries = state.redis[zone].entries.iter().enumerate();
        let mut kept = entries.filter(|(courier, entry)| entry.as_ref().is_some_and(own) && has_left(*courier));
        self.mutation != Some(Mutation::LeftUnquestioned) && kept.next().is_some()
    }

    /// Nobody has anything to do: no letter, no drain, no row of the outbox, nothing under way, nothing left behind. People may
    /// still say something, and something may still go wrong.
    #[must_use]
    pub fn is_at_rest(&self, state: &State) -> bool {
        state.hands.iter().all(|hand| *hand == Hand::Idle)
            && state.letters.iter().all(|letter| !letter.visible)
            && state.drains.is_empty()
            && state.facts.outbox.is_empty()
            && state.stray.is_none()
            && self.leftovers(state).is_empty()
    }
}

/// Whether reconciling a zone would change it. Picks that are not recorded it leaves to the sweep.
fn drifts(state: &State, zone: Zone) -> bool {
    let (cache, facts) = (&state.redis[zone], &state.facts);
    let orders = (0..facts.orders.len()).any(|order| {
        let (holder, in_line) = (cache.orders[order], cache.pending.has(order));
        let recorded = holder.is_some() && !cache.unrecorded.has(order);
        match facts.standing(order, zone) {
            Standing::Assigned(courier) => holder != Some(courier) || in_line || cache.unrecorded.has(order),
            Standing::Pending(_) => recorded || (holder.is_none() && !in_line),
            Standing::Finished | Standing::Elsewhere | Standing::Unknown => recorded || in_line,
        }
    });
    let courier = |courier: usize| {
        let truth = facts.entry(courier, zone).filter(|entry| entry.presence != Presence::Gone);
        truth.is_some() && truth != cache.entries[courier]
    };
    orders || (0..facts.couriers.len()).any(courier)
}
