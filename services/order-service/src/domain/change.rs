//! A change of an order as this service knows it: what happened, why, and which way it came.

use std::{collections::BTreeMap, str::FromStr};

use dispatch_contracts::{
    event::{Cause, Payload, Version},
    id::{CourierId, EventId, OrderId},
    life::{Happening, Life, Refusal},
};

/// A change of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderChange {
    /// The order.
    pub order_id: OrderId,
    /// What happened, and when.
    pub happening: Happening,
    /// Whom its event names.
    pub courier_id: Option<CourierId>,
    /// Why it was decided, where a decision says so.
    pub cause: Option<Cause>,
    /// Which way it came.
    pub source: Source,
}

/// Which way a change came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// It was asked for here.
    Api,
    /// It was heard of.
    Event,
}

/// What names a change: an event is one change of one order.
pub type Key = (OrderId, EventId);

/// Where some orders are in their lives, and which of their changes were impossible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lives {
    /// The orders.
    pub lives: BTreeMap<OrderId, Life>,
    /// The impossible changes.
    pub refused: BTreeMap<Key, Refusal>,
}

impl OrderChange {
    /// What an event changes, if it changes where an order is.
    #[must_use]
    pub fn of(payload: &Payload, version: Version, source: Source) -> Option<Self> {
        let cause = match payload {
            Payload::OrderAssigned(decision) => decision.cause,
            Payload::OrderUnassigned(decision) => decision.cause,
            _ => None,
        };
        let happening = Happening::of(payload, version)?;
        Some(Self { order_id: payload.order_id()?, happening, courier_id: payload.courier_id(), cause, source })
    }

    /// What names it.
    #[must_use]
    pub const fn key(&self) -> Key {
        (self.order_id, self.happening.version.event_id)
    }

    /// The type of its event.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        self.happening.change.type_name()
    }
}

impl Lives {
    /// Lives through all the changes of each order.
    #[must_use]
    pub fn of(changes: &[OrderChange]) -> Self {
        let mut of_each = BTreeMap::<OrderId, Vec<Happening>>::new();
        for change in changes {
            of_each.entry(change.order_id).or_default().push(change.happening);
        }
        let mut all = Self::default();
        for (order_id, mut happenings) in of_each {
            let (life, steps) = Life::of(&mut happenings);
            all.lives.insert(order_id, life);
            let refused = happenings.iter().zip(steps).filter_map(|(happening, step)| {
                let refusal = step.err()?;
                Some(((order_id, happening.version.event_id), refusal))
            });
            all.refused.extend(refused);
        }
        all
    }
}

impl Source {
    /// The name in the store and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Event => "event",
        }
    }
}

impl FromStr for Source {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Api, Self::Event].into_iter().find(|source| source.as_str() == text).ok_or("must be api or event")
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use dispatch_contracts::{
        event::{OrderAssigned, OrderRejected, OrderStep},
        life::Change,
    };
    use uuid::Uuid;

    use super::*;

    fn version() -> Version {
        Version { at: DateTime::UNIX_EPOCH + TimeDelta::seconds(9), event_id: Uuid::max().into() }
    }

    #[test]
    fn a_type_is_read_back_as_the_change_that_it_names() {
        let (order_id, courier) = (Uuid::nil().into(), CourierId::from(Uuid::max()));
        for happening in [
            Change::Unassigned(courier),
            Change::Assigned(courier),
            Change::PickedUp(Some(courier)),
            Change::Delivered(Some(courier)),
            Change::Cancelled,
        ]
        .map(|change| Happening { version: version(), change })
        {
            let change =
                OrderChange { order_id, happening, courier_id: Some(courier), cause: None, source: Source::Api };
            assert_eq!(Change::from_parts(change.type_name(), change.courier_id), Some(happening.change));
        }
    }

    #[test]
    fn a_decision_is_as_old_as_it_says_and_a_rejection_changes_nothing() {
        let (order_id, courier_id) = (Uuid::nil().into(), Uuid::max().into());
        let zone = "S".parse().expect("a zone");
        let decision =
            OrderAssigned { order_id, courier_id, zone, assigned_at: DateTime::UNIX_EPOCH, cause: Some(Cause::Manual) };
        let change = OrderChange::of(&Payload::OrderAssigned(decision), version(), Source::Event).expect("a change");
        assert_eq!((change.happening.version.at, change.cause), (DateTime::UNIX_EPOCH, Some(Cause::Manual)));
        let step = Payload::OrderPickedUp(OrderStep { order_id, courier_id: None });
        let change = OrderChange::of(&step, version(), Source::Event).expect("a change");
        assert_eq!(change.happening.version, version());
        let wish = Payload::OrderRejected(OrderRejected { order_id, courier_id });
        assert_eq!(OrderChange::of(&wish, version(), Source::Event), None);
    }
}
