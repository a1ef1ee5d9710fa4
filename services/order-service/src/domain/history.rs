//! What happened to an order, step by step, as the one rule of its life has it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    event::Cause,
    id::{CourierId, EventId},
    life::{Change, Happening, Life},
    order::OrderStatus,
    resource::Order,
    timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::{OrderChange, Source};

/// One change of an order that took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HistoryEntry, example = json!({
    "at": "2021-07-18T10:22:10.4Z", "type": "OrderAssigned", "status": "assigned",
    "courierId": "a97261aa-2907-498e-aa24-3bce25590a46", "cause": null,
    "eventId": "01912d68-783e-7a8e-8f3e-2f0b1a9c5d42"
}))]
pub struct Entry {
    /// When it happened.
    #[serde(with = "timestamp")]
    pub at: DateTime<Utc>,
    /// The type of the event that told it.
    #[schema(example = "OrderAssigned")]
    pub r#type: &'static str,
    /// The order's status from then on.
    pub status: OrderStatus,
    /// Who got the order, lost it, collected it, delivered it, or had it when it was called off; else null.
    #[schema(required = true)]
    pub courier_id: Option<CourierId>,
    /// Why. Null: it was simply the courier's turn.
    #[schema(required = true)]
    pub cause: Option<Why>,
    /// The event; null for the order's creation.
    #[schema(required = true)]
    pub event_id: Option<EventId>,
}

/// Why something happened to an order: for what was decided the decision's reason, for a step where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = HistoryCause)]
pub enum Why {
    /// Somebody pinned the order to a courier.
    Manual,
    /// The courier declined it.
    Rejected,
    /// The courier left with the order and did not come back in time.
    CourierLeft,
    /// A reason that this version does not know.
    Other,
    /// It was asked for over REST.
    Api,
    /// An event told it.
    Event,
}

/// A place in a history: behind its creation, or behind an event. Older news that comes late does not move it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The event; none for the creation.
    pub event_id: Option<EventId>,
}

impl From<&Entry> for Place {
    fn from(entry: &Entry) -> Self {
        Self { event_id: entry.event_id }
    }
}

/// The history of an order behind a place, or from the beginning; nothing if there is no such place in it. What was
/// impossible at its time changed nothing and is not shown. It is a place all the same, since news that comes late can
/// make impossible what was shown before.
#[must_use]
pub fn history(order: &Order, changes: &[OrderChange], after: Option<Place>) -> Option<Vec<Entry>> {
    let known: HashMap<EventId, &OrderChange> = changes.iter().map(|change| (change.key().1, change)).collect();
    let mut happenings: Vec<Happening> = changes.iter().map(|change| change.happening).collect();
    let (_, steps) = Life::of(&mut happenings);
    let behind = match after.and_then(|place| place.event_id) {
        None => 0,
        Some(event_id) => 1 + happenings.iter().position(|happening| happening.version.event_id == event_id)?,
    };
    let lived = happenings.iter().zip(steps).skip(behind);
    let lived = lived.filter_map(|(happening, step)| Some(entry(known.get(&happening.version.event_id)?, step.ok()?)));
    let creation = after.is_none().then(|| creation(order));
    Some(creation.into_iter().chain(lived).collect())
}

fn creation(order: &Order) -> Entry {
    let (at, status) = (order.added_at, OrderStatus::Pending);
    Entry { at, r#type: "AddOrder", status, courier_id: None, cause: None, event_id: None }
}

fn entry(change: &OrderChange, after: Life) -> Entry {
    let Happening { version, change: what } = change.happening;
    let step = match change.source {
        Source::Api => Why::Api,
        Source::Event => Why::Event,
    };
    let (courier_id, cause) = match what {
        Change::Unassigned(courier) | Change::Assigned(courier) => (Some(courier), change.cause.map(Why::from)),
        Change::PickedUp(_) | Change::Delivered(_) | Change::Cancelled => {
            (after.assigned.map(|(courier, _)| courier), Some(step))
        }
    };
    Entry {
        at: version.at,
        r#type: change.type_name(),
        status: after.status,
        courier_id,
        cause,
        event_id: Some(version.event_id),
    }
}

impl From<Cause> for Why {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Manual => Self::Manual,
            Cause::Rejected => Self::Rejected,
            Cause::CourierLeft => Self::CourierLeft,
            Cause::Other => Self::Other,
        }
    }
}
