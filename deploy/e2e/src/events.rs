//! Events as somebody outside of Dispatch writes them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// Stands in every message that a test makes to be refused, so that whoever looks into the dead-letter queues after all
/// tests (deploy/local/dispatch_local/quiet.py) can tell it from a message that should not be there.
pub const POISON: &str = "e2e-poison";

/// A courier, as the seed has them.
#[must_use]
pub fn courier(courier_id: Uuid, zone: &str, is_available: bool) -> Value {
    json!({"courierId": courier_id, "name": "first_courirer", "zone": zone, "isAvailable": is_available})
}

/// An order, as the seed has it.
#[must_use]
pub fn order(order_id: Uuid, zone: &str) -> Value {
    json!({"orderId": order_id, "details": "Buy something", "zone": zone, "addedAt": time(Utc::now())})
}

/// A time as events carry it.
#[must_use]
pub fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Ids that nobody has.
#[must_use]
pub fn ids(count: usize) -> Vec<Uuid> {
    (0..count).map(|_| Uuid::new_v4()).collect()
}
