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

/// A courier who is there and takes so many orders at once.
#[must_use]
pub fn limited(courier_id: Uuid, zone: &str, capacity: u32) -> Value {
    json!({"courierId": courier_id, "name": "a", "zone": zone, "isAvailable": true, "capacity": capacity})
}

/// A step of an order, such as `OrderPickedUp`, as somebody says it who knows no more than the order.
#[must_use]
pub fn step(kind: &str, order_id: Uuid) -> Value {
    json!({"type": kind, "orderId": order_id})
}

/// A step of an order that names the courier; also a rejection.
#[must_use]
pub fn step_by(kind: &str, order_id: Uuid, courier_id: Uuid) -> Value {
    json!({"type": kind, "orderId": order_id, "courierId": courier_id})
}

/// A time as events carry it.
#[must_use]
pub fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// When an event says that it occurred. As text, times do not sort: a fraction may have any number of digits.
#[must_use]
pub fn occurred_at(event: &Value) -> Option<DateTime<Utc>> {
    event["occurredAt"].as_str()?.parse().ok()
}

/// Ids that nobody has.
#[must_use]
pub fn ids(count: usize) -> Vec<Uuid> {
    (0..count).map(|_| Uuid::new_v4()).collect()
}
