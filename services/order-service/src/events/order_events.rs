//! `order-events-queue`: orders, also our own as they come back.

use ::events::{Apply, Incoming};
use dispatch_contracts::event::Payload;
use messaging::{HandlerError, Outcome};

use crate::orders::Orders;

/// Records orders; other events are acknowledged.
#[derive(Debug)]
pub struct OrderEvents(pub Orders);

impl Apply for OrderEvents {
    async fn apply(&self, events: &[Incoming]) -> Result<Vec<Outcome>, HandlerError> {
        let mut added = Vec::with_capacity(events.len());
        for event in events {
            if let Payload::AddOrder(order) = &event.payload {
                tracing::debug!(
                    order.id = %order.order_id, event.id = %event.event_id, zone = %order.zone, "order heard of"
                );
                added.push(order.clone());
            }
        }
        self.0.record_added(&added).await?;
        Ok(vec![Outcome::Done; events.len()])
    }
}
