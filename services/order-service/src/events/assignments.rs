//! `order-assignment-queue`: who has which order.

use ::events::{Apply, Incoming};
use dispatch_contracts::event::Payload;
use messaging::{HandlerError, Outcome};

use crate::orders::{Given, Orders, Taken};

/// Records decisions; other events are acknowledged.
#[derive(Debug)]
pub struct Assignments(pub Orders);

impl Apply for Assignments {
    async fn apply(&self, events: &[Incoming]) -> Result<Vec<Outcome>, HandlerError> {
        let (mut given, mut taken) = (Vec::with_capacity(events.len()), Vec::new());
        for Incoming { payload, event_id, .. } in events {
            let event_id = *event_id;
            match payload {
                Payload::OrderAssigned(decision) => given.push(Given { decision: decision.clone(), event_id }),
                Payload::OrderUnassigned(decision) => taken.push(Taken { decision: decision.clone(), event_id }),
                Payload::AddCourier(_)
                | Payload::AddOrder(_)
                | Payload::OrderPickedUp(_)
                | Payload::OrderDelivered(_)
                | Payload::OrderCancelled(_)
                | Payload::OrderRejected(_) => continue,
            }
            if let (Some(order_id), Some(courier_id)) = (payload.order_id(), payload.courier_id()) {
                let kind = payload.type_name();
                tracing::debug!(
                    order.id = %order_id, courier.id = %courier_id, event.id = %event_id, kind, "decision heard of"
                );
            }
        }
        self.0.record_decisions(&given, &taken).await?;
        Ok(vec![Outcome::Done; events.len()])
    }
}
