//! Deliveries and cancellations: `facts/live.rs`. The rule by which an order's state follows from its happenings is not
//! modelled: it is the services' own.

use chrono::DateTime;
use dispatch_contracts::{
    event::Version,
    id::CourierId,
    life::{self, Life},
    order::OrderStatus,
};
use uuid::Uuid;

use super::{Facts, Row, Status};
use crate::{
    mutation::Mutation,
    settlement::{Former, News, Update},
    state::{Change, Courier, Happening, LetterNo, Order, Tick},
};

impl Facts {
    /// One transaction: the event into the log, behind the order's lock; then the order is what all of its happenings come
    /// to. An order that is not known is remembered. Answers what Redis has to follow.
    pub fn live(
        &mut self,
        letter: LetterNo,
        order: Order,
        happening: Happening,
        mutation: Option<Mutation>,
    ) -> Vec<Update> {
        if !self.heard.has(letter) {
            self.heard.insert(letter);
            self.log[order].push(happening);
            self.log[order].sort_unstable();
        }
        let row = self.orders[order].unwrap_or(Row::HEARD_OF);
        let (status, courier) = fold(self.log[order].iter().copied());
        self.orders[order] = Some(Row { status, courier, ..row });
        let (Some(zone), Status::Delivered | Status::Cancelled) = (row.zone, status) else { return Vec::new() };
        if let Some(holder) = row.holder().filter(|_| mutation != Some(Mutation::CarriedWithoutRevision)) {
            self.raise_revision(holder, zone);
        }
        let former = match mutation {
            Some(Mutation::ReleaseCountsTwice) => Former::Pick(courier),
            _ => Former::Anybody,
        };
        let release = Update { zone, news: News::Release(order, former) };
        // Also those who lost it before: whoever wrote that may have died before they told Redis.
        let gone = row.holder().into_iter().chain(self.ever(order).iter()).collect();
        [release].into_iter().chain(self.elsewhere(gone, zone)).collect()
    }
}

/// What the happenings come to: a status, and who has the order or had it at its end.
pub(super) fn fold(happenings: impl IntoIterator<Item = Happening>) -> (Status, Option<Courier>) {
    let mut happenings: Vec<_> = happenings.into_iter().map(real).collect();
    let (life, _) = Life::of(&mut happenings);
    let status = match life.status {
        OrderStatus::Pending => Status::Pending,
        OrderStatus::Assigned | OrderStatus::PickedUp => Status::Assigned,
        OrderStatus::Delivered => Status::Delivered,
        OrderStatus::Cancelled => Status::Cancelled,
    };
    let number = |(courier, _): (CourierId, Version)| usize::try_from(courier.as_uuid().as_u128()).ok();
    (status, life.assigned.and_then(number))
}

fn real(happening: Happening) -> life::Happening {
    let id = |courier: Courier| CourierId::from(Uuid::from_u128(courier as u128));
    let at: Tick = happening.at;
    let version = Version {
        at: DateTime::from_timestamp(at.into(), 0).unwrap_or_default(),
        event_id: Uuid::from_u128(at.into()).into(),
    };
    let change = match happening.change {
        Change::Unassigned(courier) => life::Change::Unassigned(id(courier)),
        Change::Assigned(courier) => life::Change::Assigned(id(courier)),
        Change::Delivered => life::Change::Delivered(None),
        Change::Cancelled => life::Change::Cancelled,
    };
    life::Happening { version, change }
}
