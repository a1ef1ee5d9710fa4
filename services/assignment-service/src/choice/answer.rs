//! What zones answer.

use chrono::{DateTime, Utc};
use dispatch_contracts::id::{CourierId, OrderId};

use crate::domain::pick::Pick;

/// An answer of a zone, unless the zone is cold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warm<T> {
    /// The zone must be loaded first; nothing was done.
    Cold,
    /// The answer.
    Answer(T),
}

/// What a zone did with an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It follows; whether an order waits now that somebody could take.
    Follows {
        /// There is something to drain.
        drainable: bool,
    },
    /// It follows the news of a courier.
    Courier {
        /// There is something to drain.
        drainable: bool,
        /// It knew just this.
        known: bool,
    },
    /// It knows something newer of the courier.
    Stale,
    /// It has the order with somebody else, or with nobody. Nothing was changed.
    Differs,
}

/// Who gets an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// This pick was made now, or is not known to be committed.
    Picked(Pick),
    /// It is with this courier, committed before.
    Known(CourierId),
    /// Nobody can take it, or others wait before it.
    Nobody,
}

/// An order and who gets it.
pub type Picked = (OrderId, Pick);

/// What a step of draining came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drained {
    /// Picks made.
    pub picks: Vec<Picked>,
    /// Another step would find something to do.
    pub more: bool,
    /// Behind which order it would.
    pub next: Option<OrderId>,
    /// When somebody can take what waits without further news.
    pub again: Option<DateTime<Utc>>,
}

/// Which orders of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Those that somebody has by a recorded pick.
    Held,
    /// Those in line.
    Waiting,
}

/// A zone as Redis has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneView {
    /// Who can take an order, who is next first: courier, score, capacity.
    pub couriers: Vec<(CourierId, u32, Option<u32>)>,
    /// What waits, the next one first.
    pub waiting: Vec<OrderId>,
    /// All who are available, the full ones too.
    pub available_couriers: u64,
    /// All that waits.
    pub waiting_orders: u64,
}

/// The couriers of a zone, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneNumbers {
    /// Who can take an order.
    pub free: u64,
    /// Who has as many as they take.
    pub full: u64,
    /// Who had enough for a while.
    pub resting: u64,
    /// The fewest open orders of who is free or full; 0 where nobody is.
    pub least: u32,
    /// The most.
    pub most: u32,
}
