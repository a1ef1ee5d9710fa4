//! Recording a choice: `facts/record.rs` and `facts/fitness.rs`, for a batch of one order.

use super::{Facts, Row, Status};
use crate::{
    mutation::Mutation,
    redis::Entry,
    settlement::Standing,
    state::{Change, Courier, Happening, LetterNo, Order, Tick, Zone},
};

/// An order and the courier that Redis chose for it, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Proposal {
    /// Where it comes from.
    pub source: Source,
    /// Which order.
    pub order: Order,
    /// Where it was picked.
    pub zone: Zone,
    /// Who was chosen; nobody: it waits.
    pub pick: Option<Courier>,
}

/// Where a proposal comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// An AddOrder: the order may be new.
    Event(LetterNo),
    /// The line, or the sweep.
    Line,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    /// How the order stands now.
    pub standing: Standing,
    /// The chosen courier, if they could not take it after all.
    pub unfit: Option<Unfit>,
}

/// A chosen courier who could not take the order after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unfit {
    /// Who.
    pub courier: Courier,
    /// How their zone has to know them; nothing: nobody has heard of them.
    pub entry: Option<Entry>,
    /// They are of the zone and available, and have as many orders as they take.
    pub full: bool,
}

impl Facts {
    /// Whether the transaction has to wait for who holds the order's row: `INSERT ... ON CONFLICT DO UPDATE` takes the lock
    /// in any case, `assign_waiting_orders.sql` only where the order waits.
    #[must_use]
    pub fn can_record(&self, proposal: &Proposal) -> bool {
        let waits = self.orders[proposal.order].is_some_and(|row| row.status == Status::Pending);
        !self.is_held(proposal.order) || (proposal.source == Source::Line && !waits)
    }

    /// One transaction: the event into the log, the order, and for a new assignment an entry of the log and a row of the
    /// outbox.
    pub fn record(&mut self, proposal: &Proposal, now: Tick, mutation: Option<Mutation>) -> Recorded {
        let Proposal { source, order, zone, pick } = *proposal;
        if let Source::Event(letter) = source {
            self.heard.insert(letter);
        }
        let (pick, unfit) = self.fit(order, zone, pick, mutation);
        let known = self.orders[order];
        match (source, known) {
            (Source::Event(_), None) => self.orders[order] = Some(Row { zone: Some(zone), ..Row::HEARD_OF }),
            (Source::Event(_), Some(row)) if row.zone.is_none() => {
                self.orders[order] = Some(Row { zone: Some(zone), ..row });
            }
            _ => {}
        }
        if let (Some(courier), Some(row)) = (pick, self.orders[order]) {
            let waits = row.status == Status::Pending && !row.declined.has(courier);
            let over = mutation == Some(Mutation::AssignOverAnother);
            if row.zone == Some(zone) && (waits || over) {
                self.misgiven |= !self.is_able(courier, zone);
                self.orders[order] = Some(Row { status: Status::Assigned, courier: Some(courier), ..row });
                self.decide(order, Happening { at: now, change: Change::Assigned(courier) });
            }
        }
        Recorded { standing: self.standing(order, zone), unfit }
    }

    /// The pick if it holds; else who is unfit, unless somebody has the order already and a limit is in question.
    fn fit(
        &self,
        order: Order,
        zone: Zone,
        pick: Option<Courier>,
        mutation: Option<Mutation>,
    ) -> (Option<Courier>, Option<Unfit>) {
        let Some(courier) = pick.filter(|_| mutation != Some(Mutation::AssignUnchecked)) else { return (pick, None) };
        let known = self.couriers[courier];
        let is_limited = known.is_some_and(|known| known.capacity.is_some());
        if is_limited && self.orders[order].is_some_and(|row| row.status != Status::Pending) {
            return (None, None);
        }
        if self.is_able(courier, zone) {
            return (pick, None);
        }
        let full = known.is_some_and(|known| known.available && known.zone == zone);
        (None, Some(Unfit { courier, entry: self.entry(courier, zone), full }))
    }
}
