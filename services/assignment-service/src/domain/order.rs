//! An order, as far as deciding needs it.

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    order::Priority,
    zone::Zone,
};

/// An order that wants a courier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Which.
    pub order_id: OrderId,
    /// Whose couriers may take it.
    pub zone: Zone,
    /// How urgent it is.
    pub priority: Priority,
    /// Since when it waits.
    pub added_at: DateTime<Utc>,
}

impl Order {
    /// Its place in line: the least rank goes first. More urgent goes before less urgent, then older before younger.
    #[must_use]
    pub fn rank(&self) -> f64 {
        rank(self.priority.get(), self.added_at)
    }
}

/// Each priority has a band of its own, wide enough for milliseconds until the year 9999. In the band of the least
/// urgent the sum of both stays exact in a double until the year 2198.
const BAND: f64 = 1e15;

/// The rank of an order with this priority and age.
#[must_use]
pub fn rank(priority: u8, added_at: DateTime<Utc>) -> f64 {
    let band = f64::from(Priority::MAX - priority.min(Priority::MAX));
    band.mul_add(BAND, added_at.timestamp_millis().max(0) as f64)
}

/// A place in a zone's line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    /// The least goes first.
    pub rank: f64,
    /// Who declined the order, and when.
    pub declined: Vec<(CourierId, DateTime<Utc>)>,
}

/// What is committed of an order: the truth that Redis has to follow.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// It is with this courier.
    Assigned(CourierId),
    /// It waits, at this place.
    Pending(Line),
    /// It is delivered or cancelled.
    Finished,
    /// It belongs to another zone: the first event of an order decides.
    Elsewhere,
    /// Nothing is known of it yet.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn urgent_goes_first_then_old() {
        let line = [
            rank(9, at("9999-12-31T23:59:59Z")),
            rank(8, at("1970-01-01T00:00:00Z")),
            rank(0, at("2026-01-01T00:00:00.000Z")),
            rank(0, at("2026-01-01T00:00:00.001Z")),
        ];
        assert!(line.is_sorted_by(|a, b| a < b), "{line:?}");
    }
}
