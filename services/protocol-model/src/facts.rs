//! PostgreSQL: what is committed, and the transactions, each one atomic step. See `facts` of assignment-service.
//!
//! That a transaction is one step rests on its locks: the rows and couriers that it decides about are locked before it looks
//! at them, and until it commits. The one transaction that lasts longer holds an order's row while Redis is told how the
//! order stands ([`Facts::row_locks`]); others that want this row wait.

mod live;
mod reading;
mod record;
mod take_back;
mod take_over;

pub use self::{
    reading::Snapshot,
    record::{Proposal, Recorded, Source, Unfit},
};

use crate::{
    set::Set,
    settlement::Standing,
    state::{Change, Courier, Decision, HandNo, Happening, Order, Zone},
};

/// What is committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Facts {
    /// The table `orders`.
    pub orders: Vec<Option<Row>>,
    /// The table `couriers`.
    pub couriers: Vec<Option<Known>>,
    /// Which letters are in the event log.
    pub heard: Set,
    /// What happened to each order, by the event log, in the order of the times.
    pub log: Vec<Vec<Happening>>,
    /// The outbox.
    pub outbox: Vec<OutboxRow>,
    /// Who holds an order's row beyond one step.
    pub row_locks: Vec<Option<HandNo>>,
    /// Who holds the advisory lock on loading a zone.
    pub zone_locks: Vec<Option<HandNo>>,
    /// For the properties only: an order was given to somebody who could not take it.
    pub misgiven: bool,
}

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// Nothing: its AddOrder is still to come.
    pub zone: Option<Zone>,
    /// Where it is in its life.
    pub status: Status,
    /// Who has it, or had it at its end.
    pub courier: Option<Courier>,
    /// Who declined it.
    pub declined: Set,
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It waits.
    Pending,
    /// Somebody has it.
    Assigned,
    /// Done.
    Delivered,
    /// Called off.
    Cancelled,
}

/// A courier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Known {
    /// Where they take orders.
    pub zone: Zone,
    /// Whether they do now.
    pub available: bool,
    /// Most open orders; nothing: no limit.
    pub capacity: Option<u8>,
    /// Of the newest news.
    pub version: u8,
    /// Raised by every change.
    pub revision: u8,
    /// The zone before the last move.
    pub former: Option<Zone>,
}

/// A row of the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OutboxRow {
    /// What it says.
    pub decision: Decision,
    /// SNS took it; the row is still to be deleted.
    pub published: bool,
}

impl Row {
    const HEARD_OF: Self = Self { zone: None, status: Status::Pending, courier: None, declined: Set::new() };

    /// Who has it now.
    #[must_use]
    pub fn holder(&self) -> Option<Courier> {
        self.courier.filter(|_| self.status == Status::Assigned)
    }

    /// As seen from a zone.
    #[must_use]
    pub fn standing(&self, zone: Zone) -> Standing {
        if self.zone != Some(zone) {
            return Standing::Elsewhere;
        }
        match (self.status, self.courier) {
            (Status::Assigned, Some(courier)) => Standing::Assigned(courier),
            (Status::Assigned, None) | (Status::Pending, _) => Standing::Pending(self.declined),
            (Status::Delivered | Status::Cancelled, _) => Standing::Finished,
        }
    }
}

impl Facts {
    /// Nothing but these couriers is known.
    #[must_use]
    pub fn new(orders: usize, couriers: Vec<Option<Known>>, zones: usize) -> Self {
        Self {
            orders: vec![None; orders],
            couriers,
            heard: Set::default(),
            log: vec![Vec::new(); orders],
            outbox: Vec::new(),
            row_locks: vec![None; orders],
            zone_locks: vec![None; zones],
            misgiven: false,
        }
    }

    /// Whether somebody else holds the order's row.
    #[must_use]
    pub fn is_held(&self, order: Order) -> bool {
        self.row_locks[order].is_some()
    }

    /// A decision: into the log and the outbox.
    fn decide(&mut self, order: Order, happening: Happening) {
        self.log[order].push(happening);
        self.log[order].sort_unstable();
        self.outbox.push(OutboxRow { decision: (order, happening), published: false });
    }

    /// What a set of happenings comes to, as [`Life::of`](dispatch_contracts::life::Life::of) has it.
    #[must_use]
    pub fn fold(happenings: impl IntoIterator<Item = Happening>) -> (Status, Option<Courier>) {
        live::fold(happenings)
    }

    /// All orders that a courier has, and how many of them are of other zones than this one.
    fn load_of(&self, courier: Courier, zone: Zone) -> (u8, u8) {
        let theirs = self.orders.iter().flatten().filter(|row| row.holder() == Some(courier));
        theirs.fold((0, 0), |(open, carried), row| (open + 1, carried + u8::from(row.zone != Some(zone))))
    }

    /// Whether a courier takes orders of a zone now, and has room.
    #[must_use]
    pub fn is_able(&self, courier: Courier, zone: Zone) -> bool {
        self.couriers[courier].is_some_and(|known| {
            let (open, _) = self.load_of(courier, known.zone);
            known.available && known.zone == zone && known.capacity.is_none_or(|capacity| open < capacity)
        })
    }

    /// Who ever was given the order, by the log.
    fn ever(&self, order: Order) -> Set {
        let assigned = self.log[order].iter().filter_map(|happening| match happening.change {
            Change::Assigned(courier) => Some(courier),
            Change::Unassigned(_) | Change::Delivered | Change::Cancelled => None,
        });
        assigned.collect()
    }
}
