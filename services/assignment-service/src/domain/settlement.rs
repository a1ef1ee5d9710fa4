//! What Redis has to be told once PostgreSQL has decided.

use dispatch_contracts::{
    id::{CourierId, OrderId},
    zone::Zone,
};

use super::{
    courier::ZoneEntry,
    order::{Line, Standing},
};

/// Who has an order no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Former {
    /// This courier, whose pick did not hold, if it is still a pick: what was recorded meanwhile stays. Or nobody.
    Pick(Option<CourierId>),
    /// Whoever has it. Only of an order that has ended, for that stays so; or for whoever holds the order's row.
    Anybody,
}

/// Something committed that a zone in Redis has to follow. Each may be repeated.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// The order is with the courier.
    Confirm {
        /// The order's zone.
        zone: Zone,
        /// Which order.
        order_id: OrderId,
        /// Who has it.
        courier_id: CourierId,
    },
    /// The order is with the courier, whatever the zone thinks. Only for whoever holds the order's row: else this may be
    /// told after the order went on.
    Adopt {
        /// The order's zone.
        zone: Zone,
        /// Which order.
        order_id: OrderId,
        /// Who has it.
        courier_id: CourierId,
    },
    /// The order waits.
    Await {
        /// The order's zone.
        zone: Zone,
        /// Which order.
        order_id: OrderId,
        /// Its place in line.
        line: Line,
        /// Who has it no longer.
        former: Former,
    },
    /// The order is not with this courier, and does not wait in this zone: it has ended, or is of another one.
    Release {
        /// The zone in which it was picked, or had its courier.
        zone: Zone,
        /// Which order.
        order_id: OrderId,
        /// Who has it no longer.
        former: Former,
    },
    /// News of a courier.
    Courier(ZoneEntry),
}

/// What follows for a zone in which an order was picked for somebody, or for nobody, from how the order stands.
#[must_use]
pub fn settle(zone: &Zone, order_id: OrderId, picked: Option<CourierId>, standing: Standing) -> Option<Update> {
    let zone = zone.clone();
    match (standing, picked) {
        // Also when somebody else was picked here: the zone will say that it differs.
        (Standing::Assigned(courier_id), _) => Some(Update::Confirm { zone, order_id, courier_id }),
        (Standing::Pending(line), picked) => Some(Update::Await { zone, order_id, line, former: Former::Pick(picked) }),
        // Unknown: the message that brings the order was not recorded. When it comes again, there will be a new pick;
        // should it be committed at this moment, the confirmation puts the pick back.
        (Standing::Elsewhere | Standing::Unknown, picked @ Some(_)) => {
            Some(Update::Release { zone, order_id, former: Former::Pick(picked) })
        }
        (Standing::Elsewhere | Standing::Unknown, None) => None,
        (Standing::Finished, _) => Some(Update::Release { zone, order_id, former: Former::Anybody }),
    }
}

/// What follows for an order whose zone thinks otherwise, while its row is held.
#[must_use]
pub fn correct(zone: &Zone, order_id: OrderId, standing: Standing) -> Option<Update> {
    let zone = zone.clone();
    match standing {
        Standing::Assigned(courier_id) => Some(Update::Adopt { zone, order_id, courier_id }),
        Standing::Pending(line) => Some(Update::Await { zone, order_id, line, former: Former::Anybody }),
        Standing::Finished | Standing::Elsewhere | Standing::Unknown => {
            Some(Update::Release { zone, order_id, former: Former::Anybody })
        }
    }
}

impl Update {
    /// Which order it is about; nothing for news of couriers.
    #[must_use]
    pub const fn order_id(&self) -> Option<OrderId> {
        match self {
            Self::Confirm { order_id, .. }
            | Self::Adopt { order_id, .. }
            | Self::Await { order_id, .. }
            | Self::Release { order_id, .. } => Some(*order_id),
            Self::Courier(_) => None,
        }
    }

    /// The zone that has to follow.
    #[must_use]
    pub const fn zone(&self) -> &Zone {
        match self {
            Self::Confirm { zone, .. }
            | Self::Adopt { zone, .. }
            | Self::Await { zone, .. }
            | Self::Release { zone, .. } => zone,
            Self::Courier(entry) => &entry.zone,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_committed_wins_over_what_was_picked() {
        let zone: Zone = "S".parse().expect("a zone");
        let order_id = OrderId::from(Uuid::from_u128(1));
        let [ours, theirs] = [2, 3].map(|n| CourierId::from(Uuid::from_u128(n)));
        let settled = |picked, standing| settle(&zone, order_id, picked, standing);

        let confirm = |courier_id| Some(Update::Confirm { zone: zone.clone(), order_id, courier_id });
        assert_eq!(settled(Some(ours), Standing::Assigned(ours)), confirm(ours));
        assert_eq!(settled(Some(ours), Standing::Assigned(theirs)), confirm(theirs));
        assert_eq!(settled(None, Standing::Assigned(theirs)), confirm(theirs));

        let release = |former| Some(Update::Release { zone: zone.clone(), order_id, former });
        assert_eq!(settled(Some(ours), Standing::Finished), release(Former::Anybody));
        assert_eq!(settled(None, Standing::Finished), release(Former::Anybody));
        assert_eq!(settled(Some(ours), Standing::Elsewhere), release(Former::Pick(Some(ours))));
        assert_eq!(settled(Some(ours), Standing::Unknown), release(Former::Pick(Some(ours))));

        let line = Line { rank: 1.0, declined: Vec::new() };
        let wait = |picked| {
            let former = Former::Pick(picked);
            Some(Update::Await { zone: zone.clone(), order_id, line: line.clone(), former })
        };
        assert_eq!(settled(Some(ours), Standing::Pending(line.clone())), wait(Some(ours)));
        assert_eq!(settled(None, Standing::Pending(line.clone())), wait(None));

        assert_eq!(settled(None, Standing::Unknown), None);
    }
}
