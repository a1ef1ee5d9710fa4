//! What Redis has to be told once PostgreSQL has decided.

use dispatch_contracts::{
    id::{CourierId, OrderId},
    zone::Zone,
};

use super::{courier::ZoneEntry, order::Standing};

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
    /// The order waits.
    Await {
        /// The order's zone.
        zone: Zone,
        /// Which order.
        order_id: OrderId,
        /// Its place in line.
        rank: f64,
        /// Whose pick did not hold.
        picked: Option<CourierId>,
    },
    /// The order is not with this courier, and does not wait in this zone.
    Release {
        /// The zone in which it was picked.
        zone: Zone,
        /// Which order.
        order_id: OrderId,
        /// Whose pick did not hold.
        courier_id: CourierId,
    },
    /// News of a courier.
    Courier(ZoneEntry),
}

/// What follows for a zone in which an order was picked for somebody, or for nobody, from how the order stands.
#[must_use]
pub fn settle(zone: &Zone, order_id: OrderId, picked: Option<CourierId>, standing: Standing) -> Option<Update> {
    let zone = zone.clone();
    match (standing, picked) {
        // Also when somebody else was picked here: Redis adopts what is committed.
        (Standing::Assigned(courier_id), _) => Some(Update::Confirm { zone, order_id, courier_id }),
        (Standing::Pending(rank), picked) => Some(Update::Await { zone, order_id, rank, picked }),
        // Unknown: the message that brings the order was not recorded. When it comes again, there will be a new pick;
        // should it be committed at this moment, the confirmation puts the pick back.
        (Standing::Finished | Standing::Elsewhere | Standing::Unknown, Some(courier_id)) => {
            Some(Update::Release { zone, order_id, courier_id })
        }
        (Standing::Finished | Standing::Elsewhere | Standing::Unknown, None) => None,
    }
}

impl Update {
    /// The zone that has to follow.
    #[must_use]
    pub const fn zone(&self) -> &Zone {
        match self {
            Self::Confirm { zone, .. } | Self::Await { zone, .. } | Self::Release { zone, .. } => zone,
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

        let release = Some(Update::Release { zone: zone.clone(), order_id, courier_id: ours });
        assert_eq!(settled(Some(ours), Standing::Finished), release);
        assert_eq!(settled(Some(ours), Standing::Elsewhere), release);
        assert_eq!(settled(Some(ours), Standing::Unknown), release);

        let wait = |picked| Some(Update::Await { zone: zone.clone(), order_id, rank: 1.0, picked });
        assert_eq!(settled(Some(ours), Standing::Pending(1.0)), wait(Some(ours)));
        assert_eq!(settled(None, Standing::Pending(1.0)), wait(None));

        assert_eq!(settled(None, Standing::Finished), None);
        assert_eq!(settled(None, Standing::Unknown), None);
    }
}
