//! Redis: what it has of a zone, and its scripts, each one atomic step. See `choice/lua` of assignment-service; the function
//! names are those of the files.

use crate::{
    mutation::Mutation,
    set::Set,
    settlement::{Former, News},
    state::{Courier, HandNo, Order},
};

/// What Redis has of a zone. Whom it can choose follows from this and is not kept: the scripts place a courier anew
/// whenever their entry or their number of open orders changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cache {
    /// The warm marker.
    pub warm: bool,
    /// The token of whoever loads the zone: a hand has one load at a time, so its number is enough.
    pub loading: Option<HandNo>,
    /// The hash `courier`.
    pub entries: Vec<Option<Entry>>,
    /// The hash `open`.
    pub open: Vec<i8>,
    /// The hash `orders`.
    pub orders: Vec<Option<Courier>>,
    /// The keys of the hash `unrecorded`; who was picked stands in `orders`.
    pub unrecorded: Set,
    /// The line.
    pub pending: Set,
    /// The hash `declined`. Declines do not age here.
    pub declined: Vec<Set>,
}

/// What a zone knows of a courier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The greater one is newer.
    pub revision: u8,
    /// Whether they take orders here.
    pub presence: Presence,
    /// Most open orders; nothing: no limit.
    pub capacity: Option<u8>,
    /// Open orders of other zones.
    pub carried: u8,
}

/// See `Presence` of assignment-service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// They take orders.
    Available,
    /// They do not.
    Unavailable,
    /// They are of another zone: a tombstone.
    Gone,
}

/// Who gets an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// By a pick that is not known to be committed.
    Picked(Courier),
    /// By one that is.
    Known(Courier),
    /// Nobody can take it, or others wait before it.
    Nobody,
}

/// What a zone answers to an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It follows; whether an order waits now that somebody could take.
    Follows(bool),
    /// The same, of a courier of whom it knew just this.
    Known(bool),
    /// It knows something newer of the courier.
    Stale,
    /// It has the order with somebody else, or with nobody. Nothing was changed.
    Differs,
    /// It has to be loaded first. Nothing was changed.
    Cold,
}

impl Cache {
    /// A zone of which nothing is there.
    #[must_use]
    pub fn empty(orders: usize, couriers: usize) -> Self {
        Self {
            warm: false,
            loading: None,
            entries: vec![None; couriers],
            open: vec![0; couriers],
            orders: vec![None; orders],
            unrecorded: Set::default(),
            pending: Set::default(),
            declined: vec![Set::default(); orders],
        }
    }

    /// `is_cold`.
    #[must_use]
    pub fn is_cold(&self, mutation: Option<Mutation>) -> bool {
        !self.warm && mutation != Some(Mutation::NoWarmMarker)
    }

    /// The score of a courier; nothing: they take no orders here.
    fn score(&self, courier: Courier) -> Option<i8> {
        let entry = self.entries[courier].filter(|entry| entry.presence == Presence::Available)?;
        let score = self.open[courier] + entry.carried.cast_signed();
        entry.capacity.is_none_or(|capacity| score < capacity.cast_signed()).then_some(score)
    }

    /// Who may be picked for an order: of those who did not decline it, those with the least score. Which of them is the
    /// turn of a tick that is not kept here, so it is any of them.
    pub fn best(&self, order: Order) -> impl Iterator<Item = Courier> {
        let able = |courier: &Courier| !self.declined[order].has(*courier);
        let scores = (0..self.entries.len()).filter(able).filter_map(|c| Some((self.score(c)?, c)));
        let scores: Vec<_> = scores.collect();
        let least = scores.iter().map(|(score, _)| *score).min();
        scores.into_iter().filter(move |(score, _)| Some(*score) == least).map(|(_, courier)| courier)
    }

    fn drainable(&self) -> bool {
        !self.pending.is_empty() && (0..self.entries.len()).any(|courier| self.score(courier).is_some())
    }

    fn take(&mut self, order: Order, courier: Courier) {
        self.orders[order] = Some(courier);
        self.open[courier] += 1;
        self.pending.remove(order);
    }

    fn give_back(&mut self, order: Order, courier: Option<Courier>, mutation: Option<Mutation>) {
        let Some(courier) = courier else { return };
        if self.orders[order] != Some(courier) {
            if mutation == Some(Mutation::ReleaseCountsTwice) {
                self.open[courier] = (self.open[courier] - 1).max(0);
            }
            return;
        }
        self.orders[order] = None;
        self.unrecorded.remove(order);
        self.open[courier] = (self.open[courier] - 1).max(0);
    }

    /// What `assign_order` answers without picking; nothing: it picks one of [`Cache::best`].
    #[must_use]
    pub fn known(&self, order: Order) -> Option<Chosen> {
        match self.orders[order] {
            Some(courier) if self.unrecorded.has(order) => Some(Chosen::Picked(courier)),
            Some(courier) => Some(Chosen::Known(courier)),
            None if !self.pending.is_empty() || self.best(order).next().is_none() => Some(Chosen::Nobody),
            None => None,
        }
    }

    /// The pick of `assign_order` and `drain_pending`.
    pub fn pick(&mut self, order: Order, courier: Courier) {
        self.take(order, courier);
        self.unrecorded.insert(order);
    }

    /// The first in line whom somebody can take: whom `drain_pending` gives away next.
    #[must_use]
    pub fn front(&self) -> Option<Order> {
        self.pending.iter().find(|order| self.best(*order).next().is_some())
    }

    /// `confirm`, `adopt`, `await_courier`, `release_order`, `upsert_courier`.
    pub fn follow(&mut self, news: News, mutation: Option<Mutation>) -> Told {
        if self.is_cold(mutation) {
            return Told::Cold;
        }
        match news {
            News::Confirm(order, courier) => {
                if self.orders[order] != Some(courier) {
                    return Told::Differs;
                }
                self.unrecorded.remove(order);
                return Told::Follows(false);
            }
            News::Adopt(order, courier) => {
                if self.orders[order] != Some(courier) {
                    self.give_back(order, self.orders[order], mutation);
                    self.take(order, courier);
                }
                self.unrecorded.remove(order);
            }
            News::Await(order, declined, former) => {
                let recorded = self.orders[order].is_some() && !self.unrecorded.has(order);
                let takes_all = former == Former::Anybody || mutation == Some(Mutation::AwaitTakesRecorded);
                if recorded && !takes_all {
                    return Told::Differs;
                }
                let former = match former {
                    _ if recorded => self.orders[order],
                    Former::Pick(courier) => courier,
                    Former::Anybody => None,
                };
                self.give_back(order, former, mutation);
                self.declined[order] = self.declined[order].with(declined);
                if self.orders[order].is_none() {
                    self.pending.insert(order);
                }
            }
            News::Release(order, Former::Anybody) => {
                self.give_back(order, self.orders[order], mutation);
                self.declined[order] = Set::default();
                self.pending.remove(order);
            }
            News::Release(order, Former::Pick(former)) => {
                let always = [Some(Mutation::ReleaseTakesRecorded), Some(Mutation::ReleaseCountsTwice)];
                if self.unrecorded.has(order) || always.contains(&mutation) {
                    self.give_back(order, former, mutation);
                }
                self.pending.remove(order);
            }
            News::Courier(courier, entry) => {
                let known = self.entries[courier].map(|known| known.revision);
                if known > Some(entry.revision) && mutation != Some(Mutation::NoRevision) {
                    return Told::Stale;
                }
                self.entries[courier] = Some(entry);
                if known == Some(entry.revision) {
                    return Told::Known(self.drainable());
                }
            }
        }
        Told::Follows(self.drainable())
    }
}
