//! What a moment of the whole system is: the queue, what the processes are at, the facts, Redis, what was published.

use crate::{facts::Facts, hand::Hand, redis::Cache, set::Set, settlement::Update};

/// An order, by number; the least goes first in line.
pub type Order = usize;
/// A courier, by number.
pub type Courier = usize;
/// A zone, by number.
pub type Zone = usize;
/// A hand, by number; see [`Hand`].
pub type HandNo = usize;
/// A letter of the scenario, by number.
pub type LetterNo = usize;
/// A time: how many things had been said or decided of an order by then.
pub type Tick = u8;

/// One moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The queue: each letter of the scenario.
    pub letters: Vec<Letter>,
    /// What is under way in all processes.
    pub hands: Vec<Hand>,
    /// PostgreSQL.
    pub facts: Facts,
    /// Redis, zone by zone.
    pub redis: Vec<Cache>,
    /// What SNS took, sorted. Consumers know events by their ids, so this is a set: what a consumer has heard of at any
    /// time is any part of it, and all of it in the end.
    pub published: Vec<Decision>,
    /// Zones for which a drain is asked, in the memory of a process.
    pub drains: Set,
    /// What a replica of Redis has, which lags behind.
    pub replica: Option<Vec<Cache>>,
    /// A script that was sent by a hand that is gone, with the row that it held: it runs later.
    pub stray: Option<Update>,
    /// What may still go wrong.
    pub faults: Faults,
}

/// A message of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Letter {
    /// When it was said; nothing: it was not said yet.
    pub said: Option<Tick>,
    /// A receive may bring it.
    pub visible: bool,
    /// It was deleted after a receive.
    pub acknowledged: bool,
}

/// How often what may go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// A process dies between two steps.
    pub crashes: u8,
    /// A letter comes again although it is being handled, or was deleted.
    pub redeliveries: u8,
    /// Redis loses everything.
    pub wipes: u8,
    /// A replica takes over that lacks the last writes, and has the warm marker.
    pub failovers: u8,
    /// A process dies, or gives up waiting, while a script is on its way to Redis that only who holds the row may send.
    pub strays: u8,
    /// A sweep finds what is not left behind but under way.
    pub early_sweeps: u8,
}

/// Something that happened to an order, as the log has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Happening {
    /// When.
    pub at: Tick,
    /// What.
    pub change: Change,
}

/// What happens to orders. Pickups are left out: to this protocol a picked up order is an assigned one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// It is with this courier no longer.
    Unassigned(Courier),
    /// It is with this courier.
    Assigned(Courier),
    /// Done by whoever has it.
    Delivered,
    /// Called off.
    Cancelled,
}

/// A decision of assignment-service, as it is published: the order and what happened. No two decisions about an order have
/// one time, so this stands for the event id, too.
pub type Decision = (Order, Happening);

impl State {
    /// The present, for an order: later than all that was said of it and decided about it.
    #[must_use]
    pub fn now(&self, order: Order, events: &[crate::scenario::Event]) -> Tick {
        let said = events.iter().zip(&self.letters).filter(|(event, _)| event.order() == Some(order));
        let said = said.filter_map(|(_, letter)| letter.said);
        let decided = self.facts.log[order].iter().map(|happening| happening.at);
        1 + said.chain(decided).max().unwrap_or(0)
    }
}
