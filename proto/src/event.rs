//! Events: JSON objects, camelCase, that SNS carries.
//!
//! What our own services publish names its `type`, `eventId` and `occurredAt`; what others inject may leave them out.
//! [`decode()`] reads both and also every format that was ever published; [`Event::to_json`] writes today's.

mod arrival;
mod cause;
mod decode;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::arrival::Version;
pub use self::cause::Cause;
pub use self::decode::{DecodeError, Decoded, TYPES, decode, type_name};
use crate::{
    courier::{Capacity, Name},
    id::{CourierId, EventId, OrderId},
    order::{Details, Priority},
    timestamp,
    zone::Zone,
};

/// An event as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id; absent in what others inject.
    pub event_id: Option<EventId>,
    /// When it happened, by its publisher's clock; absent in what others inject.
    pub occurred_at: Option<DateTime<Utc>>,
    /// What happened.
    pub payload: Payload,
}

/// What happened. Each variant bears the name that stands in `type`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Payload {
    /// A courier is there, or changed.
    AddCourier(AddCourier),
    /// An order is there.
    AddOrder(AddOrder),
    /// The courier has collected the order.
    OrderPickedUp(OrderStep),
    /// The order is done.
    OrderDelivered(OrderStep),
    /// The order is called off.
    OrderCancelled(OrderStep),
    /// The courier declines the order.
    OrderRejected(OrderRejected),
    /// The order is with a courier.
    OrderAssigned(OrderAssigned),
    /// The order is with that courier no longer, and waits.
    OrderUnassigned(OrderUnassigned),
}

/// News of a courier. The newest wins, by the event's time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddCourier {
    /// Who.
    pub courier_id: CourierId,
    /// Their name.
    pub name: Name,
    /// Where they take orders.
    pub zone: Zone,
    /// Whether they take orders now.
    pub is_available: bool,
    /// Most open orders at once; absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
}

/// A new order. The first one with its id wins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddOrder {
    /// Which.
    pub order_id: OrderId,
    /// What is to be done.
    pub details: Details,
    /// Whose couriers may take it.
    pub zone: Zone,
    /// Since when it waits.
    #[serde(with = "timestamp")]
    pub added_at: DateTime<Utc>,
    /// How urgent it is; absent: 0.
    #[serde(default)]
    pub priority: Priority,
}

/// A step in the life of an order that names nothing but the order (and perhaps the courier).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderStep {
    /// Which order.
    pub order_id: OrderId,
    /// Who had it, where the publisher knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub courier_id: Option<CourierId>,
}

/// A courier declines an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRejected {
    /// Which order.
    pub order_id: OrderId,
    /// Who declines it.
    pub courier_id: CourierId,
}

/// The decision: this courier gets this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderAssigned {
    /// Which order.
    pub order_id: OrderId,
    /// Who gets it.
    pub courier_id: CourierId,
    /// The order's zone.
    pub zone: Zone,
    /// When it was decided.
    #[serde(with = "timestamp")]
    pub assigned_at: DateTime<Utc>,
    /// Why, where it was not simply the courier's turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// A decision taken back: the order waits again, or goes to somebody else at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderUnassigned {
    /// Which order.
    pub order_id: OrderId,
    /// Who had it.
    pub courier_id: CourierId,
    /// The order's zone.
    pub zone: Zone,
    /// When it was decided.
    #[serde(with = "timestamp")]
    pub unassigned_at: DateTime<Utc>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

impl Payload {
    /// What stands in `type`, and in the SNS attribute `eventType`.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::AddCourier(_) => "AddCourier",
            Self::AddOrder(_) => "AddOrder",
            Self::OrderPickedUp(_) => "OrderPickedUp",
            Self::OrderDelivered(_) => "OrderDelivered",
            Self::OrderCancelled(_) => "OrderCancelled",
            Self::OrderRejected(_) => "OrderRejected",
            Self::OrderAssigned(_) => "OrderAssigned",
            Self::OrderUnassigned(_) => "OrderUnassigned",
        }
    }

    /// The order it is about, if any.
    #[must_use]
    pub const fn order_id(&self) -> Option<OrderId> {
        match self {
            Self::AddCourier(_) => None,
            Self::AddOrder(event) => Some(event.order_id),
            Self::OrderPickedUp(event) | Self::OrderDelivered(event) | Self::OrderCancelled(event) => {
                Some(event.order_id)
            }
            Self::OrderRejected(event) => Some(event.order_id),
            Self::OrderAssigned(event) => Some(event.order_id),
            Self::OrderUnassigned(event) => Some(event.order_id),
        }
    }

    /// The courier it is about, if any.
    #[must_use]
    pub const fn courier_id(&self) -> Option<CourierId> {
        match self {
            Self::AddCourier(event) => Some(event.courier_id),
            Self::AddOrder(_) => None,
            Self::OrderPickedUp(event) | Self::OrderDelivered(event) | Self::OrderCancelled(event) => event.courier_id,
            Self::OrderRejected(event) => Some(event.courier_id),
            Self::OrderAssigned(event) => Some(event.courier_id),
            Self::OrderUnassigned(event) => Some(event.courier_id),
        }
    }

    /// The zone it names, if any.
    #[must_use]
    pub const fn zone(&self) -> Option<&Zone> {
        match self {
            Self::AddCourier(event) => Some(&event.zone),
            Self::AddOrder(event) => Some(&event.zone),
            Self::OrderAssigned(event) => Some(&event.zone),
            Self::OrderUnassigned(event) => Some(&event.zone),
            Self::OrderPickedUp(_) | Self::OrderDelivered(_) | Self::OrderCancelled(_) | Self::OrderRejected(_) => None,
        }
    }
}

impl Event {
    /// An event of our own, with all that we publish.
    #[must_use]
    pub fn new(event_id: EventId, occurred_at: DateTime<Utc>, payload: Payload) -> Self {
        Self { event_id: Some(event_id), occurred_at: Some(timestamp::to_micros(occurred_at)), payload }
    }

    /// Today's format, on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            r#type: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            event_id: Option<EventId>,
            #[serde(with = "timestamp::option", skip_serializing_if = "Option::is_none")]
            occurred_at: Option<DateTime<Utc>>,
            #[serde(flatten)]
            payload: &'a Payload,
        }
        let wire = Wire {
            r#type: self.payload.type_name(),
            event_id: self.event_id,
            occurred_at: self.occurred_at,
            payload: &self.payload,
        };
        // Strings, numbers and booleans under fixed keys: there is nothing in it that could fail.
        serde_json::to_string(&wire).unwrap_or_default()
    }
}
