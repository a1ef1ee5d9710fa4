//! Orders, couriers and pairs as the APIs show them: one definition for REST (as JSON) and for gRPC (by conversion), so
//! that what one service looks up at another looks the same everywhere.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    courier::{Capacity, Name},
    grpc,
    id::{CourierId, OrderId},
    order::{Details, OrderStatus, Priority},
    timestamp,
    zone::Zone,
};

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "orderId": "b87261aa-2907-498e-aa24-3bce25590a46", "details": "Buy something", "zone": "S", "status": "assigned",
    "priority": 0, "addedAt": "2021-07-18T10:22:10.170682Z", "courierId": "a97261aa-2907-498e-aa24-3bce25590a46",
    "assignedAt": "2021-07-18T10:22:10.4Z"
}))]
pub struct Order {
    /// Its id.
    pub order_id: OrderId,
    /// What is to be done.
    pub details: Details,
    /// Whose couriers may take it.
    pub zone: Zone,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// How urgent it is.
    pub priority: Priority,
    /// Since when it waits.
    #[serde(with = "timestamp")]
    pub added_at: DateTime<Utc>,
    /// Who has it; null while nobody does.
    #[schema(required = true)]
    pub courier_id: Option<CourierId>,
    /// Since when they have it; null while nobody does.
    #[serde(with = "timestamp::option")]
    #[schema(required = true)]
    pub assigned_at: Option<DateTime<Utc>>,
}

/// A courier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "courierId": "a97261aa-2907-498e-aa24-3bce25590a46", "name": "first_courirer", "zone": "S", "isAvailable": true,
    "capacity": null, "updatedAt": "2021-07-18T10:22:10.170682Z"
}))]
pub struct Courier {
    /// Their id.
    pub courier_id: CourierId,
    /// Their name.
    pub name: Name,
    /// Where they take orders.
    pub zone: Zone,
    /// Whether they take orders now.
    pub is_available: bool,
    /// Most open orders at once; null: no limit.
    #[schema(required = true)]
    pub capacity: Option<Capacity>,
    /// When the newest news of them happened.
    #[serde(with = "timestamp")]
    pub updated_at: DateTime<Utc>,
}

/// An order and the courier who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "orderId": "b87261aa-2907-498e-aa24-3bce25590a46", "courierId": "a97261aa-2907-498e-aa24-3bce25590a46", "zone": "S",
    "assignedAt": "2021-07-18T10:22:10.4Z", "status": "assigned"
}))]
pub struct Pair {
    /// The order.
    pub order_id: OrderId,
    /// Who has it.
    pub courier_id: CourierId,
    /// The order's zone.
    pub zone: Zone,
    /// Since when they have it.
    #[serde(with = "timestamp")]
    pub assigned_at: DateTime<Utc>,
    /// Where the order is in its life.
    pub status: OrderStatus,
}

/// A gRPC message carries what this version does not understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is missing or not valid")]
pub struct InvalidMessage(&'static str);

impl From<Order> for grpc::Order {
    fn from(order: Order) -> Self {
        Self {
            order_id: order.order_id.to_string(),
            details: order.details.into(),
            zone: order.zone.to_string(),
            status: grpc::OrderStatus::from(order.status).into(),
            priority: order.priority.get().into(),
            added_at: Some(grpc::to_timestamp(order.added_at)),
            courier_id: order.courier_id.map(|id| id.to_string()),
            assigned_at: order.assigned_at.map(grpc::to_timestamp),
        }
    }
}

impl TryFrom<grpc::Order> for Order {
    type Error = InvalidMessage;

    fn try_from(order: grpc::Order) -> Result<Self, InvalidMessage> {
        let status = order.status().known().ok_or(InvalidMessage("status"))?;
        Ok(Self {
            order_id: order.order_id.parse().map_err(|_| InvalidMessage("order_id"))?,
            details: order.details.try_into().map_err(|_| InvalidMessage("details"))?,
            zone: order.zone.parse().map_err(|_| InvalidMessage("zone"))?,
            status,
            priority: i64::from(order.priority).try_into().map_err(|_| InvalidMessage("priority"))?,
            added_at: order.added_at.as_ref().and_then(grpc::from_timestamp).ok_or(InvalidMessage("added_at"))?,
            courier_id: order.courier_id.map(|id| id.parse().map_err(|_| InvalidMessage("courier_id"))).transpose()?,
            assigned_at: order
                .assigned_at
                .map(|time| grpc::from_timestamp(&time).ok_or(InvalidMessage("assigned_at")))
                .transpose()?,
        })
    }
}

impl From<Courier> for grpc::Courier {
    fn from(courier: Courier) -> Self {
        Self {
            courier_id: courier.courier_id.to_string(),
            name: courier.name.into(),
            zone: courier.zone.to_string(),
            is_available: courier.is_available,
            capacity: courier.capacity.map(Capacity::get),
            updated_at: Some(grpc::to_timestamp(courier.updated_at)),
        }
    }
}

impl TryFrom<grpc::Courier> for Courier {
    type Error = InvalidMessage;

    fn try_from(courier: grpc::Courier) -> Result<Self, InvalidMessage> {
        Ok(Self {
            courier_id: courier.courier_id.parse().map_err(|_| InvalidMessage("courier_id"))?,
            name: courier.name.try_into().map_err(|_| InvalidMessage("name"))?,
            zone: courier.zone.parse().map_err(|_| InvalidMessage("zone"))?,
            is_available: courier.is_available,
            capacity: courier
                .capacity
                .map(|number| Capacity::try_from(i64::from(number)).map_err(|_| InvalidMessage("capacity")))
                .transpose()?,
            updated_at: courier
                .updated_at
                .as_ref()
                .and_then(grpc::from_timestamp)
                .ok_or(InvalidMessage("updated_at"))?,
        })
    }
}

impl From<Pair> for grpc::Pair {
    fn from(pair: Pair) -> Self {
        Self {
            order_id: pair.order_id.to_string(),
            courier_id: pair.courier_id.to_string(),
            zone: pair.zone.to_string(),
            assigned_at: Some(grpc::to_timestamp(pair.assigned_at)),
            status: grpc::OrderStatus::from(pair.status).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = r#"{"orderId":"b87261aa-2907-498e-aa24-3bce25590a46","details":"Buy something","zone":"S","status":"assigned","priority":9,"addedAt":"2021-07-18T10:22:10.170682Z","courierId":"a97261aa-2907-498e-aa24-3bce25590a46","assignedAt":"2021-07-18T10:22:11Z"}"#;
    const COURIER: &str = r#"{"courierId":"a97261aa-2907-498e-aa24-3bce25590a46","name":"first_courirer","zone":"S","isAvailable":true,"capacity":3,"updatedAt":"2021-07-18T10:22:10.170682Z"}"#;

    #[test]
    fn nothing_is_lost_on_the_way_through_grpc_and_json() {
        let order: Order = serde_json::from_str(ORDER).expect("an order");
        assert_eq!(Order::try_from(grpc::Order::from(order.clone())).as_ref(), Ok(&order));
        assert_eq!(serde_json::to_string(&order).expect("JSON"), ORDER);
        let courier: Courier = serde_json::from_str(COURIER).expect("a courier");
        assert_eq!(Courier::try_from(grpc::Courier::from(courier.clone())).as_ref(), Ok(&courier));
        assert_eq!(serde_json::to_string(&courier).expect("JSON"), COURIER);
    }

    #[test]
    fn a_message_that_is_not_understood_names_the_field() {
        let order: Order = serde_json::from_str(ORDER).expect("an order");
        let broken = grpc::Order { zone: "{S}".to_owned(), ..order.clone().into() };
        assert_eq!(Order::try_from(broken), Err(InvalidMessage("zone")));
        let from_the_future = grpc::Order { status: 99, ..order.into() };
        assert_eq!(Order::try_from(from_the_future), Err(InvalidMessage("status")));
    }
}
