//! `order-events-queue`: orders and the steps of their lives, also our own as they come back.

use ::events::{Apply, Incoming, Refused};
use dispatch_contracts::event::Payload;
use messaging::{HandlerError, Outcome};

use super::changes_of;
use crate::orders::Orders;

/// Records orders and steps; other events are acknowledged, also a rejection, which assignment-service answers.
#[derive(Debug)]
pub struct OrderEvents(pub Orders);

impl Apply for OrderEvents {
    async fn apply(&self, events: &[Incoming]) -> Result<Vec<Outcome>, HandlerError> {
        let mut added = Vec::with_capacity(events.len());
        for event in events {
            if let Payload::AddOrder(order) = &event.payload {
                tracing::debug!(
                    order.id = %order.order_id, event.id = %event.event_id, zone = %order.zone,
                    trace.id = event.trace.trace_id(), "order heard of"
                );
                added.push(order.clone());
            }
        }
        // Two transactions: each alone may be repeated.
        self.0.record_added(&added).await?;
        let refused = self.0.record_changes(&changes_of(events, is_step)).await?;
        Refused::report(&refused, events);
        Ok(vec![Outcome::Done; events.len()])
    }

    fn minds(&self, payload: &Payload) -> bool {
        matches!(payload, Payload::AddOrder(_)) || is_step(payload)
    }
}

const fn is_step(payload: &Payload) -> bool {
    matches!(payload, Payload::OrderPickedUp(_) | Payload::OrderDelivered(_) | Payload::OrderCancelled(_))
}
