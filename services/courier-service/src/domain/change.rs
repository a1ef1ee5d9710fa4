//! A change of an order as this service knows it, and the pair that comes of all of them.

use std::collections::BTreeMap;

use dispatch_contracts::{
    event::{Payload, Version},
    id::{CourierId, EventId, OrderId},
    life::{Happening, Life, Refusal},
    zone::Zone,
};

/// A change of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairChange {
    /// The order.
    pub order_id: OrderId,
    /// What happened, and when.
    pub happening: Happening,
    /// Whom its event names.
    pub courier_id: Option<CourierId>,
    /// The order's zone, where an assignment says it.
    pub zone: Option<Zone>,
}

/// What names a change: an event is one change of one order.
pub type Key = (OrderId, EventId);

/// Where an order is in its life, and its zone once somebody got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Where it is.
    pub life: Life,
    /// The zone that the assignment names.
    pub zone: Option<Zone>,
}

/// How some orders stand, and which of their changes were impossible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lives {
    /// The orders.
    pub standings: BTreeMap<OrderId, Standing>,
    /// The impossible changes.
    pub refused: BTreeMap<Key, Refusal>,
}

impl PairChange {
    /// What an event changes, if it changes where an order is.
    #[must_use]
    pub fn of(payload: &Payload, version: Version) -> Option<Self> {
        let zone = match payload {
            Payload::OrderAssigned(decision) => Some(decision.zone.clone()),
            _ => None,
        };
        let happening = Happening::of(payload, version)?;
        Some(Self { order_id: payload.order_id()?, happening, courier_id: payload.courier_id(), zone })
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
    pub fn of(changes: &[PairChange]) -> Self {
        let mut of_each = BTreeMap::<OrderId, Vec<&PairChange>>::new();
        for change in changes {
            of_each.entry(change.order_id).or_default().push(change);
        }
        let mut all = Self::default();
        for (order_id, changes) in of_each {
            let mut happenings: Vec<_> = changes.iter().map(|change| change.happening).collect();
            let (life, steps) = Life::of(&mut happenings);
            let by = |version| changes.iter().find(|change| change.happening.version == version);
            let zone = life.assigned.and_then(|(_, version)| by(version)?.zone.clone());
            all.standings.insert(order_id, Standing { life, zone });
            let refused = happenings.iter().zip(steps).filter_map(|(happening, step)| {
                let refusal = step.err()?;
                Some(((order_id, happening.version.event_id), refusal))
            });
            all.refused.extend(refused);
        }
        all
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

    fn version(second: i64) -> Version {
        let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
        Version { at, event_id: Uuid::from_u128(second.unsigned_abs().into()).into() }
    }

    fn assigned(zone: &str, second: i64) -> PairChange {
        let decision = OrderAssigned {
            order_id: Uuid::nil().into(),
            courier_id: Uuid::from_u128(second.unsigned_abs().into()).into(),
            zone: zone.parse().expect("a zone"),
            assigned_at: version(second).at,
            cause: None,
        };
        PairChange::of(&Payload::OrderAssigned(decision), version(second + 1)).expect("a change")
    }

    #[test]
    fn a_type_is_read_back_as_the_change_that_it_names() {
        let (order_id, courier) = (Uuid::nil().into(), CourierId::from(Uuid::max()));
        for change in [
            Change::Unassigned(courier),
            Change::Assigned(courier),
            Change::PickedUp(Some(courier)),
            Change::Delivered(Some(courier)),
            Change::Cancelled,
        ] {
            let happening = Happening { version: version(1), change };
            let known = PairChange { order_id, happening, courier_id: Some(courier), zone: None };
            assert_eq!(Change::from_parts(known.type_name(), known.courier_id), Some(change));
        }
    }

    #[test]
    fn a_decision_is_as_old_as_it_says_and_a_rejection_changes_nothing() {
        let (order_id, courier_id) = (Uuid::nil().into(), Uuid::max().into());
        assert_eq!(assigned("S", 5).happening.version, Version { at: version(5).at, ..version(6) });
        let step = Payload::OrderPickedUp(OrderStep { order_id, courier_id: None });
        assert_eq!(PairChange::of(&step, version(7)).expect("a change").happening.version, version(7));
        let wish = Payload::OrderRejected(OrderRejected { order_id, courier_id });
        assert_eq!(PairChange::of(&wish, version(7)), None);
    }

    #[test]
    fn the_zone_is_that_of_the_assignment_that_counts() {
        let changes = [assigned("new", 5), assigned("old", 3)];
        let zone = |changes: &[PairChange]| Lives::of(changes).standings.first_key_value()?.1.zone.clone();
        assert_eq!(zone(&changes).as_ref().map(Zone::as_str), Some("new"));
        assert_eq!(zone(&changes[1..]).as_ref().map(Zone::as_str), Some("old"));
    }
}
