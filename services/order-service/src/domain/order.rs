//! What makes two requests for an order the same.

use dispatch_contracts::{
    event::AddOrder,
    id::OrderId,
    order::{Details, Priority},
    resource::Order,
    zone::Zone,
};
use serde::Serialize;

/// A request for an order, before it has an id and a time of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRequest {
    /// The id that the client chose, if it did.
    pub order_id: Option<OrderId>,
    /// What is to be done.
    pub details: Details,
    /// Whose couriers may take it.
    pub zone: Zone,
    /// How urgent it is.
    pub priority: Priority,
}

impl OrderRequest {
    /// One text for each request: equal exactly when the requests are.
    #[must_use]
    pub fn canonical(&self) -> String {
        // Strings and a number under fixed keys: there is nothing in it that could fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Whether the order is what is being asked for, so that asking again changes nothing. When it was added is no part of
/// what is asked for, and neither is what became of it since.
#[must_use]
pub fn is_what_is_asked_for(order: &Order, asked: &AddOrder) -> bool {
    (order.order_id, &order.details, &order.zone, order.priority)
        == (asked.order_id, &asked.details, &asked.zone, asked.priority)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use dispatch_contracts::order::OrderStatus;
    use uuid::Uuid;

    use super::*;

    fn request(details: &str, priority: i64) -> OrderRequest {
        OrderRequest {
            order_id: None,
            details: details.to_owned().try_into().expect("details"),
            zone: "S".parse().expect("a zone"),
            priority: priority.try_into().expect("a priority"),
        }
    }

    #[test]
    fn a_request_is_told_from_another_by_each_field() {
        let one = request("Buy", 0);
        assert_eq!(one.canonical(), request("Buy", 0).canonical());
        assert_ne!(one.canonical(), request("Sell", 0).canonical());
        assert_ne!(one.canonical(), request("Buy", 1).canonical());
        assert_ne!(one.canonical(), OrderRequest { order_id: Some(Uuid::nil().into()), ..one.clone() }.canonical());
        assert_ne!(one.canonical(), OrderRequest { zone: "T".parse().expect("a zone"), ..one.clone() }.canonical());
    }

    #[test]
    fn what_became_of_an_order_does_not_make_it_another() {
        let OrderRequest { details, zone, priority, .. } = request("Buy", 3);
        let asked = AddOrder { order_id: Uuid::nil().into(), details, zone, added_at: DateTime::UNIX_EPOCH, priority };
        let order = Order {
            order_id: asked.order_id,
            details: asked.details.clone(),
            zone: asked.zone.clone(),
            status: OrderStatus::Delivered,
            priority,
            added_at: asked.added_at + TimeDelta::days(1),
            courier_id: Some(Uuid::nil().into()),
            assigned_at: Some(asked.added_at),
        };
        assert!(is_what_is_asked_for(&order, &asked));
        assert!(!is_what_is_asked_for(&order, &AddOrder { priority: Priority::default(), ..asked.clone() }));
        assert!(!is_what_is_asked_for(&order, &AddOrder { order_id: Uuid::max().into(), ..asked.clone() }));
        assert!(!is_what_is_asked_for(&order, &AddOrder { details: request("Sell", 0).details, ..asked }));
    }
}
