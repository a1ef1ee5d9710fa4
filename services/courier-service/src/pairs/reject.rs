//! A courier declines an order: published for assignment-service, which answers with an OrderUnassigned. Until that
//! comes the order stays with them.

use std::iter;

use chrono::TimeDelta;
use dispatch_contracts::{
    event::{Event, OrderRejected, Payload, Version},
    id::{CourierId, EventId, OrderId},
    order::OrderStatus,
    resource::Pair,
};
use trace::TraceParent;
use uuid::Uuid;

use super::Pairs;
use crate::{
    domain::change::{Lives, Standing},
    error::Error,
    postgres::{changes, couriers, pairs},
};

impl Pairs {
    /// Publishes that the courier declines the order.
    ///
    /// # Errors
    /// Nobody has heard of the courier or of the order, somebody else has it, or it is not merely assigned; or the
    /// database.
    pub async fn reject(&self, courier_id: CourierId, order_id: OrderId, trace: TraceParent) -> Result<Pair, Error> {
        if !couriers::is_known(&self.pool, courier_id).await? {
            return Err(Error::CourierNotFound);
        }
        let known = changes::of_orders(&self.pool, iter::once(order_id)).await?;
        let standing = Lives::of(&known).standings.remove(&order_id).ok_or(Error::OrderNotFound)?;
        let (pair, assignment) = with_them(order_id, courier_id, standing)?;

        // Newer than the assignment, even when this machine's clock is behind.
        let now = self.clock.now().max(assignment.at + TimeDelta::microseconds(1));
        let event_id = rejection_of(assignment.event_id);
        let mut transaction = self.pool.begin().await?;
        // The first may be published and gone from the outbox: a repetition says the same all the same.
        let at = pairs::decline(&mut transaction, order_id, event_id, now).await?;
        let event = Event::new(event_id, at, Payload::OrderRejected(OrderRejected { order_id, courier_id }));
        self.outbox.enqueue(&mut transaction, &[events::to_outbox(event_id, &event, trace)]).await?;
        transaction.commit().await?;
        self.outbox.wake();
        tracing::info!(order.id = %order_id, courier.id = %courier_id, event.id = %event_id, "order declined");
        Ok(pair)
    }
}

/// The pair and its assignment, if the order is merely assigned, and to this courier.
fn with_them(order_id: OrderId, courier_id: CourierId, standing: Standing) -> Result<(Pair, Version), Error> {
    let (status, holder) = (standing.life.status, standing.life.holder());
    match (standing.life.assigned, standing.zone) {
        (Some((_, assignment)), Some(zone)) if holder == Some(courier_id) && status == OrderStatus::Assigned => {
            let pair = Pair { order_id, courier_id, zone, assigned_at: assignment.at, status };
            Ok((pair, assignment))
        }
        _ => match holder {
            Some(holder) if holder != courier_id => Err(Error::NotTheirOrder { status, courier_id: holder }),
            _ => Err(Error::ImpossibleTransition { status, courier_id: holder }),
        },
    }
}

/// One assignment is declined by one event, however often the courier asks: whoever hears of it knows a repetition.
fn rejection_of(assignment: EventId) -> EventId {
    Uuid::new_v5(&assignment.as_uuid(), b"OrderRejected").into()
}
