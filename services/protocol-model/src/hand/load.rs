//! Loading a cold zone: `dispatch/warm.rs` and the script `load_zone`.

use super::Step;
use crate::{
    Mutation, Protocol,
    facts::Snapshot,
    redis::Cache,
    state::{HandNo, State, Zone},
};

/// Where a loader is. A phase that has nothing to write is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Takes the advisory lock and asks whether the zone is warm by now. Taking a lock and the step behind it can be one step
    /// of a model, and so can letting go of it and the step before: nobody else can tell.
    Check,
    /// Empties the zone and leaves a token.
    Begin,
    /// Reads the facts, as of one moment.
    Read,
    /// Who has which order.
    Orders,
    /// The couriers.
    Couriers,
    /// Who declined what.
    Declined,
    /// The line.
    Pending,
    /// Sets the warm marker.
    Finish,
}

impl Protocol {
    pub(super) fn can_load(&self, state: &State, zone: Zone) -> bool {
        state.facts.zone_locks[zone].is_none() || self.mutation == Some(Mutation::LoaderWithoutLock)
    }

    /// One step of a loader. Then it goes on with `then`; without that, it was a drain that found the zone cold.
    pub(super) fn load(
        &self,
        state: &mut State,
        hand: HandNo,
        (zone, phase): (Zone, Phase),
        mut snapshot: Snapshot,
        then: Option<Box<Step>>,
    ) -> Option<Step> {
        if phase == Phase::Check {
            if !state.redis[zone].is_cold(self.mutation) {
                return self.loaded(state, hand, zone, then);
            }
            state.facts.zone_locks[zone] = Some(hand);
            return Some(Step::Load(zone, Phase::Begin, snapshot, then));
        }
        if phase == Phase::Read {
            let snapshot = state.facts.snapshot(zone);
            return Some(Step::Load(zone, next(&snapshot), snapshot, then));
        }
        if phase == Phase::Begin {
            let (orders, couriers) = (state.facts.orders.len(), state.facts.couriers.len());
            state.redis[zone] = Cache { loading: Some(hand), ..Cache::empty(orders, couriers) };
            return Some(Step::Load(zone, Phase::Read, snapshot, then));
        }
        let cache = &mut state.redis[zone];
        let overtaken = cache.loading != Some(hand) && self.mutation != Some(Mutation::LoaderWithoutToken);
        if overtaken {
            return self.loaded(state, hand, zone, then);
        }
        write(cache, phase, &mut snapshot);
        if phase != Phase::Finish {
            return Some(Step::Load(zone, next(&snapshot), snapshot, then));
        }
        if snapshot.drainable {
            state.drains.insert(zone);
        }
        self.loaded(state, hand, zone, then)
    }

    fn loaded(&self, state: &mut State, hand: HandNo, zone: Zone, then: Option<Box<Step>>) -> Option<Step> {
        let lock = &mut state.facts.zone_locks[zone];
        if *lock == Some(hand) {
            *lock = None;
        }
        if then.is_none() {
            state.drains.insert(zone);
        }
        then.map(|then| *then)
    }
}

/// The first phase that has something to write.
fn next(snapshot: &Snapshot) -> Phase {
    match snapshot {
        Snapshot { orders, .. } if !orders.is_empty() => Phase::Orders,
        Snapshot { couriers, .. } if !couriers.is_empty() => Phase::Couriers,
        Snapshot { declined, .. } if !declined.is_empty() => Phase::Declined,
        Snapshot { waiting, .. } if !waiting.is_empty() => Phase::Pending,
        _ => Phase::Finish,
    }
}

/// The script `load_zone`.
fn write(cache: &mut Cache, phase: Phase, snapshot: &mut Snapshot) {
    match phase {
        Phase::Orders => {
            for (order, courier) in snapshot.orders.drain(..) {
                if cache.orders[order].replace(courier).is_none() {
                    cache.open[courier] += 1;
                }
            }
        }
        Phase::Couriers => {
            snapshot.couriers.drain(..).for_each(|(courier, entry)| cache.entries[courier] = Some(entry));
        }
        Phase::Declined => {
            for (order, by) in snapshot.declined.drain(..) {
                cache.declined[order] = cache.declined[order].with(by);
            }
        }
        Phase::Pending => cache.pending = cache.pending.with(std::mem::take(&mut snapshot.waiting)),
        Phase::Finish => {
            cache.loading = None;
            cache.warm = true;
        }
        Phase::Check | Phase::Begin | Phase::Read => {}
    }
}
