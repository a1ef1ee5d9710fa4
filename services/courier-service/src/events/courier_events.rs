//! `courier-events-queue`: news of couriers, also our own as it comes back.

use ::events::{Apply, Incoming};
use dispatch_contracts::event::Payload;
use messaging::{HandlerError, Outcome};

use crate::couriers::{Couriers, News};

/// Records news of couriers; other events are acknowledged.
#[derive(Debug)]
pub struct CourierEvents(pub Couriers);

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
        self.0.record(&news).await?;
        Ok(vec![Outcome::Done; events.len()])
    }
}
