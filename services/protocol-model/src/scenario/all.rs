//! The scenarios that are explored with every change.

use super::{Event, Scenario, courier};
use crate::{
    facts::Known,
    properties::{LINE_IS_WHAT_WAITS, SCORE_NOT_ABOVE, SCORE_NOT_BELOW},
    state::Faults,
};

const NOTHING: Faults = Faults { crashes: 0, redeliveries: 0, wipes: 0, failovers: 0, strays: 0, early_sweeps: 0 };

impl Scenario {
    /// All of them: without reconciling, and with it.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let all = [
            Self::two_workers(),
            Self::redis_loss(),
            Self::zone_move(),
            Self::carried(),
            Self::cancel_races_assign(),
            Self::decline(),
            Self::capacity(),
            Self::one_id_two_zones(),
        ];
        let reconciled = all.clone().map(Self::reconciled);
        let only_reconciled = [Self::failover(), Self::failover_of_a_move(), Self::stray_script()];
        all.into_iter().chain(reconciled).chain(only_reconciled).collect()
    }

    fn new(name: &'static str, zones: usize, couriers: Vec<Option<Known>>, events: Vec<Event>, faults: Faults) -> Self {
        Self { name, zones, couriers, events, hands: 2, faults, relay_waits: false, reconciles: false, gaps: &[] }
    }

    /// Two orders over two couriers, with crashes and redelivery.
    #[must_use]
    pub fn two_workers() -> Self {
        let couriers = vec![Some(courier(0)), Some(courier(0))];
        let events = vec![Event::Add(0, 0), Event::Add(1, 0)];
        let faults = Faults { crashes: 1, redeliveries: 1, early_sweeps: 1, ..NOTHING };
        Self { relay_waits: true, ..Self::new("two workers", 1, couriers, events, faults) }
    }

    /// Redis loses everything, in the midst of whatever is under way.
    ///
    /// The gap: a letter comes twice; the order is delivered while the first of its hands has still to confirm; the second
    /// picks for it anew; the first confirms, and so makes the second's pick look recorded, and deletes the letter; the
    /// second dies. Nothing but reconciling asks about an order that somebody has by a recorded pick.
    #[must_use]
    pub fn redis_loss() -> Self {
        let events = vec![Event::Add(0, 0), Event::Delivered(0)];
        let faults = Faults { crashes: 1, redeliveries: 1, wipes: 1, early_sweeps: 1, ..NOTHING };
        let gaps = &[SCORE_NOT_ABOVE];
        Self { gaps, ..Self::new("Redis loss", 1, vec![Some(courier(0))], events, faults) }
    }

    /// A courier moves to another zone and back, while each zone has an order for them.
    #[must_use]
    pub fn zone_move() -> Self {
        let there = Known { version: 2, ..courier(1) };
        let back = Known { version: 3, ..courier(0) };
        let events = vec![Event::Add(0, 0), Event::Add(1, 1), Event::Courier(0, there), Event::Courier(0, back)];
        Self::new("zone move", 2, vec![Some(courier(0))], events, Faults { crashes: 1, ..NOTHING })
    }

    /// A courier takes an order along to another zone, and delivers it. The gap is that of [`Scenario::redis_loss`].
    #[must_use]
    pub fn carried() -> Self {
        let there = Known { version: 2, ..courier(1) };
        let events = vec![Event::Add(0, 0), Event::Courier(0, there), Event::Delivered(0)];
        let faults = Faults { crashes: 1, redeliveries: 1, ..NOTHING };
        let gaps = &[SCORE_NOT_ABOVE];
        Self { gaps, ..Self::new("carried", 2, vec![Some(courier(0))], events, faults) }
    }

    /// An order is cancelled at any time, also before it comes, and delivered perhaps. The gap is that of
    /// [`Scenario::redis_loss`].
    #[must_use]
    pub fn cancel_races_assign() -> Self {
        let events = vec![Event::Add(0, 0), Event::Cancelled(0), Event::Delivered(0)];
        let faults = Faults { crashes: 1, redeliveries: 1, early_sweeps: 1, ..NOTHING };
        let gaps = &[SCORE_NOT_ABOVE];
        Self { gaps, ..Self::new("cancel races assign", 1, vec![Some(courier(0))], events, faults) }
    }

    /// Both couriers may decline the order.
    ///
    /// The gap: a letter comes twice; the second of its hands does all and deletes it; the order is declined and waits; the
    /// first, which still has a pick, commits it and dies. Redis has the order in line until it is drained again.
    #[must_use]
    pub fn decline() -> Self {
        let couriers = vec![Some(courier(0)), Some(courier(0))];
        let events = vec![Event::Add(0, 0), Event::Rejected(0, 0), Event::Rejected(0, 1)];
        let faults = Faults { crashes: 1, redeliveries: 1, early_sweeps: 1, ..NOTHING };
        let gaps = &[SCORE_NOT_BELOW, LINE_IS_WHAT_WAITS];
        Self { gaps, ..Self::new("decline", 1, couriers, events, faults) }
    }

    /// One courier who takes one order at a time, and two orders.
    ///
    /// The gap: an order waits, is assigned and delivered, and then somebody who is late tells Redis that it waits. It
    /// stays in line until somebody can take it, and the facts refuse it.
    #[must_use]
    pub fn capacity() -> Self {
        let limited = Known { capacity: Some(1), ..courier(0) };
        let events = vec![Event::Courier(0, limited), Event::Add(0, 0), Event::Add(1, 0), Event::Delivered(0)];
        let faults = Faults { crashes: 1, ..NOTHING };
        let gaps = &[LINE_IS_WHAT_WAITS];
        Self { gaps, ..Self::new("capacity", 1, vec![None], events, faults) }
    }

    /// Two AddOrders with one id, of different zones: the first to be recorded decides.
    #[must_use]
    pub fn one_id_two_zones() -> Self {
        let couriers = vec![Some(courier(0)), Some(courier(1))];
        let events = vec![Event::Add(0, 0), Event::Add(0, 1)];
        let faults = Faults { crashes: 1, redeliveries: 1, early_sweeps: 1, ..NOTHING };
        Self::new("one id, two zones", 2, couriers, events, faults)
    }

    /// A replica of Redis takes over that lacks the last writes, and has the warm marker.
    #[must_use]
    pub fn failover() -> Self {
        let events = vec![Event::Add(0, 0), Event::Add(1, 0), Event::Delivered(0)];
        let faults = Faults { failovers: 1, ..NOTHING };
        Self::new("failover", 1, vec![Some(courier(0))], events, faults).reconciled()
    }

    /// A replica takes over that lacks the tombstone of a courier who moved.
    #[must_use]
    pub fn failover_of_a_move() -> Self {
        let there = Known { version: 2, ..courier(1) };
        let events = vec![Event::Add(0, 0), Event::Add(1, 1), Event::Courier(0, there)];
        let faults = Faults { failovers: 1, ..NOTHING };
        Self::new("failover of a move", 2, vec![Some(courier(0))], events, faults).reconciled()
    }

    /// A script runs after the row was let go of under which it was sent.
    #[must_use]
    pub fn stray_script() -> Self {
        let couriers = vec![Some(courier(0)), Some(courier(0))];
        let events = vec![Event::Add(0, 0), Event::Rejected(0, 0), Event::Delivered(0)];
        let faults = Faults { strays: 1, early_sweeps: 1, ..NOTHING };
        Self::new("stray script", 1, couriers, events, faults).reconciled()
    }
}
