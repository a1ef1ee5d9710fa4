//! `courier-events-queue`: news of couriers, also our own as it comes back, and the steps of orders' lives.

use ::events::{Apply, Incoming, Refused};
use dispatch_contracts::event::Payload;
use messaging::{HandlerError, Outcome};

use super::changes_of;
use crate::{
    couriers::{Couriers, News},
    pairs::Pairs,
};

/// Records news of couriers and steps; other events are acknowledged, also a rejection, which assignment-service
/// answers.
#[derive(Debug)]
pub struct CourierEvents {
    /// The couriers.
    pub couriers: Couriers,
    /// The pairs.
    pub pairs: Pairs,
}

impl Apply for CourierEvents {
    async fn apply(&self, events: &[Incoming]) -> Result<Vec<Outcome>, HandlerError> {
        let mut news = Vec::with_capacity(events.len());
        for event in events {
            if let Payload::AddCourier(courier) = &event.payload {
                tracing::debug!(
                    courier.id = %courier.courier_id, event.id = %event.event_id, zone = %courier.zone,
                    "courier heard of"
                );
                news.push(News { courier: courier.clone(), version: event.version });
            }
        }
        // Two transactions: each alone may be repeated.
        self.couriers.record(&news).await?;
        let refused = self.pairs.record(&changes_of(events, is_step)).await?;
        Refused::report(&refused, events);
        Ok(vec![Outcome::Done; events.len()])
    }

    fn minds(&self, payload: &Payload) -> bool {
        matches!(payload, Payload::AddCourier(_)) || is_step(payload)
    }
}

const fn is_step(payload: &Payload) -> bool {
    matches!(payload, Payload::OrderPickedUp(_) | Payload::OrderDelivered(_) | Payload::OrderCancelled(_))
}
