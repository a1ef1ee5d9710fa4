//! The way in for events: sorts a batch by kind and hands each kind to its use case.

use dispatch_contracts::event::Payload;
use events::{Apply, Incoming};
use messaging::{HandlerError, Outcome};

use crate::{dispatch::Dispatch, domain::order::Order};

/// Applies events to the use cases.
pub struct Intake(pub Dispatch);

impl Apply for Intake {
    async fn apply(&self, events: &[Incoming]) -> Result<Vec<Outcome>, HandlerError> {
        let (mut couriers, mut orders) = (Vec::new(), Vec::new());
        let (mut lives, mut rejections, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for event in events {
            match &event.payload {
                Payload::AddCourier(courier) => couriers.push((event, courier)),
                Payload::AddOrder(add) => {
                    let (order_id, zone) = (add.order_id, add.zone.clone());
                    let order = Order { order_id, zone, priority: add.priority, added_at: add.added_at };
                    orders.push((event.clone(), order));
                }
                Payload::OrderPickedUp(_) | Payload::OrderDelivered(_) | Payload::OrderCancelled(_) => {
                    lives.push(event);
                }
                Payload::OrderRejected(rejected) => rejections.push((event, rejected)),
                // Decisions are made here, and nowhere else.
                Payload::OrderAssigned(_) | Payload::OrderUnassigned(_) => others.push(event),
            }
        }
        // Couriers first: an order of the same batch may be for one of them.
        self.0.add_couriers(&couriers).await?;
        self.0.add_orders(orders).await?;
        self.0.live(&lives).await?;
        self.0.reject(&rejections).await?;
        self.0.log(&others).await?;
        Ok(vec![Outcome::Done; events.len()])
    }
}
