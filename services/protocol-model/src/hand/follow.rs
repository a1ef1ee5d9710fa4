//! Making Redis follow what is committed: `dispatch/follow.rs`.

use super::{Job, Phase, Step};
use crate::{
    Mutation, Protocol,
    facts::Snapshot,
    redis::Told,
    settlement::{self, News, Update},
    state::{HandNo, Order, State, Zone},
};

/// What is told, in one round trip: a script for each update. Then those are corrected of which Redis thinks otherwise, and
/// those are told again whose zones were cold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Following {
    /// Still to be told.
    todo: Vec<Update>,
    /// Their zones were cold.
    cold: Vec<Update>,
    /// Their zones think otherwise of the order.
    differing: Vec<Doubt>,
}

/// An order of which Redis may think otherwise than the facts. The real one holds all such orders of a round trip at a time;
/// here each is held alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Doubt {
    /// Which zone thinks so.
    pub(super) zone: Zone,
    /// Of which order.
    pub(super) order: Order,
    /// What it was told, to be told again if it is cold by then.
    pub(super) told: Option<Update>,
}

impl Doubt {
    /// Nothing else is to be told.
    pub(super) fn alone(self) -> Following {
        Following { differing: vec![self], ..Following::default() }
    }
}

impl Following {
    /// The order of which Redis thinks otherwise.
    pub(super) fn doubtful(&self) -> Option<Order> {
        self.differing.first().map(|doubt| doubt.order)
    }
}

impl Protocol {
    /// The step that makes Redis follow, or the last one where there is nothing to tell.
    pub(crate) fn then_follow(&self, job: Job, mut todo: Vec<Update>) -> Option<Step> {
        if self.mutation == Some(Mutation::SkipConfirm) {
            todo.retain(|update| !matches!(update.news, News::Confirm(..)));
        }
        self.next(job, Following { todo, ..Following::default() })
    }

    /// What is to be done next of it.
    fn next(&self, job: Job, mut following: Following) -> Option<Step> {
        if !following.todo.is_empty() {
            return Some(Step::Follow(following));
        }
        if !following.differing.is_empty() {
            return Some(Step::Hold(following));
        }
        let Some(cold) = following.cold.first().filter(|_| self.mutation != Some(Mutation::ColdIsEnough)) else {
            return self.end(job);
        };
        let zone = cold.zone;
        following.todo = std::mem::take(&mut following.cold);
        Some(Step::Load(zone, Phase::Check, Snapshot::default(), Some(Box::new(Step::Follow(following)))))
    }

    /// One script.
    pub(super) fn follow(&self, state: &mut State, job: Job, mut following: Following) -> Option<Step> {
        let update = following.todo.remove(0);
        match state.redis[update.zone].follow(update.news, self.mutation) {
            Told::Follows(drainable) | Told::Known(drainable) => self.request_drain(state, update, drainable),
            Told::Stale => {}
            Told::Cold => following.cold.push(update),
            Told::Differs if self.mutation == Some(Mutation::ConfirmWithoutReread) => {
                let news = match update.news {
                    News::Confirm(order, courier) => News::Adopt(order, courier),
                    News::Await(order, declined, _) => News::Await(order, declined, settlement::Former::Anybody),
                    other => other,
                };
                following.todo.insert(0, Update { news, ..update });
            }
            Told::Differs => following.differing.extend(doubt(update)),
        }
        self.next(job, following)
    }

    /// The transaction that holds the order's row and reads how it stands.
    pub(super) fn hold(&self, state: &mut State, hand: HandNo, following: Following) -> Option<Step> {
        let Doubt { zone, order, .. } = *following.differing.first()?;
        if self.mutation != Some(Mutation::RereadWithoutHolding) {
            state.facts.row_locks[order] = Some(hand);
        }
        let standing = state.facts.standing(order, zone);
        Some(Step::Correct(settlement::correct(zone, order, standing), following))
    }

    /// The script that tells how it stands; then the row is let go of. A death in between frees it, too.
    pub(super) fn correct(
        &self,
        state: &mut State,
        job: Job,
        update: Update,
        mut following: Following,
    ) -> Option<Step> {
        let told = state.redis[update.zone].follow(update.news, self.mutation);
        if let Some(order) = update.order() {
            state.facts.row_locks[order] = None;
        }
        let doubt = following.differing.remove(0);
        match told {
            Told::Cold => following.cold.extend(doubt.told),
            Told::Follows(drainable) | Told::Known(drainable) => self.request_drain(state, update, drainable),
            Told::Stale | Told::Differs => {}
        }
        self.next(job, following)
    }

    fn request_drain(&self, state: &mut State, update: Update, drainable: bool) {
        if drainable {
            state.drains.insert(update.zone);
        }
    }
}

fn doubt(update: Update) -> Option<Doubt> {
    Some(Doubt { zone: update.zone, order: update.order()?, told: Some(update) })
}
