//! What may happen. Orders, couriers and zones are numbers here; each sequence plays with its own.

use proptest::prelude::*;

/// Orders of a sequence.
pub const ORDERS: usize = 8;
/// Couriers of a sequence.
pub const COURIERS: usize = 4;
/// Zones of a sequence.
pub const ZONES: usize = 2;

/// Who an event says did it.
#[derive(Debug, Clone, Copy)]
pub enum By {
    /// Whoever has the order.
    Holder,
    /// This courier, whether or not they have it.
    Courier(usize),
    /// Nobody is named.
    Unsaid,
}

/// Something that happens.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// News of a courier.
    Courier {
        /// Who.
        courier: usize,
        /// Where.
        zone: usize,
        /// Whether they take orders.
        available: bool,
        /// Most open orders.
        capacity: Option<u32>,
    },
    /// An order. Where and how urgent follows from its number.
    Order(usize),
    /// An order is collected.
    PickUp(usize, By),
    /// An order is done.
    Deliver(usize, By),
    /// An order is called off.
    Cancel(usize),
    /// An order is declined.
    Reject(usize, By),
    /// An order is given to a courier by hand.
    Pin {
        /// Which.
        order: usize,
        /// To whom.
        courier: usize,
        /// Whether they want it or not.
        force: bool,
    },
    /// Those who are away lose what they have not picked up.
    TakeBack,
    /// Redis forgets a zone.
    Wipe(usize),
}

/// An action, and how its event is delivered.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// What happens.
    pub action: Action,
    /// After how many more steps its event arrives.
    pub late: usize,
    /// After how many more steps it arrives once again, if it does.
    pub again: Option<usize>,
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![6 => Just(By::Holder), 2 => (0..COURIERS).prop_map(By::Courier), 2 => Just(By::Unsaid)]
}

fn action() -> impl Strategy<Value = Action> {
    let courier = (0..COURIERS, 0..ZONES, prop::bool::weighted(0.75), prop::option::weighted(0.6, 0..3u32))
        .prop_map(|(courier, zone, available, capacity)| Action::Courier { courier, zone, available, capacity });
    let pin = (0..ORDERS, 0..COURIERS, any::<bool>()).prop_map(|(order, courier, force)| Action::Pin {
        order,
        courier,
        force,
    });
    prop_oneof![
        6 => courier,
        8 => (0..ORDERS).prop_map(Action::Order),
        3 => (0..ORDERS, by()).prop_map(|(order, by)| Action::PickUp(order, by)),
        4 => (0..ORDERS, by()).prop_map(|(order, by)| Action::Deliver(order, by)),
        2 => (0..ORDERS).prop_map(Action::Cancel),
        4 => (0..ORDERS, by()).prop_map(|(order, by)| Action::Reject(order, by)),
        2 => pin,
        1 => Just(Action::TakeBack),
        1 => (0..ZONES).prop_map(Action::Wipe),
    ]
}

/// Sequences of at most so many steps. About a third of the events come late, and as many come twice.
pub fn sequences(longest: usize) -> impl Strategy<Value = Vec<Step>> {
    let late = prop_oneof![2 => Just(0), 1 => 1..6usize];
    let step = (action(), late, prop::option::weighted(0.3, 0..8usize));
    prop::collection::vec(step.prop_map(|(action, late, again)| Step { action, late, again }), 1..=longest)
}
