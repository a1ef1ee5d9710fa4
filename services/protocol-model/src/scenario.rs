//! What happens in a run of the model, and how often what may go wrong.

mod all;

use crate::{
    facts::{Facts, Known},
    hand::Hand,
    redis::Cache,
    set::Set,
    state::{Change, Courier, Faults, Letter, Order, State, Zone},
};

/// An event of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// AddCourier, the version and all.
    Courier(Courier, Known),
    /// AddOrder.
    Add(Order, Zone),
    /// OrderCancelled. Dated before everything else, so it takes effect whenever it comes, also before the AddOrder.
    Cancelled(Order),
    /// OrderDelivered. Said once somebody got the order, by whoever has it then.
    Delivered(Order),
    /// OrderRejected. Said once the courier got the order.
    Rejected(Order, Courier),
}

impl Event {
    /// Which order it is about.
    #[must_use]
    pub const fn order(&self) -> Option<Order> {
        match self {
            Self::Courier(..) => None,
            Self::Add(order, _) | Self::Cancelled(order) | Self::Delivered(order) | Self::Rejected(order, _) => {
                Some(*order)
            }
        }
    }

    /// Whether it can be said from the start.
    const fn is_said(&self) -> bool {
        matches!(self, Self::Courier(..) | Self::Add(..) | Self::Cancelled(_))
    }

    /// Whether it can be said once this was published.
    pub(crate) fn follows(&self, (order, happening): &crate::state::Decision) -> bool {
        match (self, happening.change) {
            (Self::Delivered(this), Change::Assigned(_)) => this == order,
            (Self::Rejected(this, by), Change::Assigned(courier)) => this == order && *by == courier,
            _ => false,
        }
    }
}

/// What happens, and how often what may go wrong.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is about.
    pub name: &'static str,
    /// How many zones; all are cold at first.
    pub zones: usize,
    /// The couriers, as the facts have them at first.
    pub couriers: Vec<Option<Known>>,
    /// The messages. They come in any order.
    pub events: Vec<Event>,
    /// Things that are under way at a time, in all processes.
    pub hands: usize,
    /// What may go wrong.
    pub faults: Faults,
    /// Whether the relay's steps are explored in between all others. They read only the outbox and write only what is
    /// published, so for the properties it makes no difference: else it publishes at once.
    pub relay_waits: bool,
    /// Whether reconciling is at work, too.
    pub reconciles: bool,
    /// The properties that the protocol does not keep in it, and is known not to.
    pub gaps: &'static [&'static str],
}

/// A courier who takes orders of a zone, as the first news of them says.
#[must_use]
pub const fn courier(zone: Zone) -> Known {
    Known { zone, available: true, capacity: None, version: 1, revision: 1, former: None }
}

impl Scenario {
    /// How many orders.
    #[must_use]
    pub fn orders(&self) -> usize {
        self.events.iter().filter_map(Event::order).max().map_or(0, |last| last + 1)
    }

    /// The first moment.
    #[must_use]
    pub fn start(&self) -> State {
        let letter = |event: &Event| {
            let is_said = event.is_said();
            Letter { said: is_said.then_some(0), visible: is_said, acknowledged: false }
        };
        State {
            letters: self.events.iter().map(letter).collect(),
            hands: vec![Hand::Idle; self.hands],
            facts: Facts::new(self.orders(), self.couriers.clone(), self.zones),
            redis: vec![Cache::empty(self.orders(), self.couriers.len()); self.zones],
            published: Vec::new(),
            drains: Set::default(),
            replica: None,
            stray: None,
            faults: self.faults,
        }
    }

    /// The same with reconciling, which closes all gaps but one: see [`Scenario::failover_of_a_move`].
    #[must_use]
    pub fn reconciled(self) -> Self {
        Self { reconciles: true, gaps: &[], ..self }
    }

    /// The same with one more of each kind of trouble that it has.
    #[must_use]
    pub fn with_more_trouble(mut self) -> Self {
        let Faults { crashes, redeliveries, wipes, failovers, strays, early_sweeps } = &mut self.faults;
        for count in [crashes, redeliveries, wipes, failovers, strays, early_sweeps] {
            *count += u8::from(*count > 0);
        }
        self
    }
}
