//! What Redis has to be told once PostgreSQL has decided: `domain/settlement.rs` of assignment-service, for numbers.

use crate::{
    redis::Entry,
    set::Set,
    state::{Courier, Order, Zone},
};

/// How an order stands, as seen from a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// With this courier.
    Assigned(Courier),
    /// It waits, and these declined it.
    Pending(Set),
    /// Delivered or cancelled.
    Finished,
    /// Of another zone.
    Elsewhere,
    /// Nothing is known of it.
    Unknown,
}

/// Who has an order no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Former {
    /// This courier, as long as it is a pick.
    Pick(Option<Courier>),
    /// Whoever has it.
    Anybody,
}

/// Something committed that a zone has to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Update {
    /// Which zone.
    pub zone: Zone,
    /// What.
    pub news: News,
}

/// See `Update` of assignment-service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum News {
    /// The order is with the courier.
    Confirm(Order, Courier),
    /// The order is with the courier, whatever the zone thinks.
    Adopt(Order, Courier),
    /// The order waits; these declined it.
    Await(Order, Set, Former),
    /// The order is with nobody, and does not wait.
    Release(Order, Former),
    /// News of a courier.
    Courier(Courier, Entry),
}

impl Update {
    /// Which order it is about.
    #[must_use]
    pub const fn order(&self) -> Option<Order> {
        match self.news {
            News::Confirm(order, _) | News::Adopt(order, _) | News::Await(order, ..) | News::Release(order, _) => {
                Some(order)
            }
            News::Courier(..) => None,
        }
    }
}

/// What follows for a zone in which an order was picked for somebody, or for nobody, from how the order stands.
#[must_use]
pub const fn settle(zone: Zone, order: Order, picked: Option<Courier>, standing: Standing) -> Option<Update> {
    let news = match (standing, picked) {
        (Standing::Assigned(courier), _) => News::Confirm(order, courier),
        (Standing::Pending(declined), picked) => News::Await(order, declined, Former::Pick(picked)),
        (Standing::Elsewhere | Standing::Unknown, Some(_)) => News::Release(order, Former::Pick(picked)),
        (Standing::Elsewhere | Standing::Unknown, None) => return None,
        (Standing::Finished, _) => News::Release(order, Former::Anybody),
    };
    Some(Update { zone, news })
}

/// What follows for an order whose zone thinks otherwise, while its row is held.
#[must_use]
pub const fn correct(zone: Zone, order: Order, standing: Standing) -> Update {
    let news = match standing {
        Standing::Assigned(courier) => News::Adopt(order, courier),
        Standing::Pending(declined) => News::Await(order, declined, Former::Anybody),
        Standing::Finished | Standing::Elsewhere | Standing::Unknown => News::Release(order, Former::Anybody),
    };
    Update { zone, news }
}
