//! Takes a step in the life of an order and publishes it: the row, the change and its event are one transaction.

use std::iter;

use chrono::TimeDelta;
use dispatch_contracts::{
    event::{Event, Version},
    id::OrderId,
    life::{Happening, Life},
    resource::Order,
};
use trace::TraceParent;

use super::Orders;
use crate::{
    domain::{
        change::{Lives, OrderChange, Source},
        step::Step,
    },
    error::Error,
    postgres::{changes, orders},
};

impl Orders {
    /// Takes the step, or finds the order where it leads to: then nothing is published, so that asking again is safe.
    ///
    /// # Errors
    /// The order is not known, or from how it is now there is no such way; or the database.
    pub async fn take_step(&self, order_id: OrderId, step: Step, trace: TraceParent) -> Result<Order, Error> {
        let mut transaction = self.pool.begin().await?;
        let order = orders::lock(&mut transaction, order_id).await?.ok_or(Error::OrderNotFound)?;
        let known = changes::of_orders(&mut *transaction, iter::once(order_id)).await?;
        let life = Lives::of(&known).lives.remove(&order_id).unwrap_or_default();
        if life.status == step.leads_to() {
            return Ok(order);
        }
        let courier_id = life.holder();
        let impossible = Error::ImpossibleTransition { status: life.status, courier_id };
        if !step.is_possible(life.status) {
            return Err(impossible);
        }
        let happening = Happening { version: self.newest_after(&known), change: step.change(courier_id) };
        let Ok(life) = life.after(&happening) else { return Err(impossible) };
        let change = OrderChange { order_id, happening, courier_id, cause: None, source: Source::Api };
        let Version { at, event_id } = happening.version;
        let event = Event::new(event_id, at, step.payload(order_id, courier_id));

        changes::insert(&mut transaction, &[change]).await?;
        changes::show(&mut transaction, iter::once((order_id, life))).await?;
        self.outbox.enqueue(&mut transaction, &[events::to_outbox(event_id, &event, trace)]).await?;
        transaction.commit().await?;
        self.outbox.wake();
        tracing::info!(
            order.id = %order_id, event.id = %event_id, courier.id = courier_id.map(tracing::field::display),
            status = %life.status, "step taken"
        );
        Ok(in_life(order, life))
    }

    /// The version of what happens now: newer than all that is known, even when this machine's clock is behind, so that
    /// what was possible now is possible for everybody who hears of it.
    fn newest_after(&self, known: &[OrderChange]) -> Version {
        let latest = known.iter().map(|change| change.happening.version.at + TimeDelta::microseconds(1)).max();
        Version { at: latest.into_iter().fold(self.clock.now(), Ord::max), event_id: self.ids.next() }
    }
}

/// The order as it is shown in this life.
fn in_life(order: Order, life: Life) -> Order {
    let courier_id = life.assigned.map(|(courier, _)| courier);
    Order { status: life.status, courier_id, assigned_at: life.assigned_at(), ..order }
}
