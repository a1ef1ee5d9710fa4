//! Makes an order and publishes it: the row, its event and the answer to its key are one transaction.

use dispatch_contracts::{
    event::{AddOrder, Event, Payload},
    resource::Order,
};
use sqlx::PgConnection;
use trace::TraceParent;

use super::Orders;
use crate::{
    domain::{
        idempotency_key::IdempotencyKey,
        order::{OrderRequest, is_what_is_asked_for},
    },
    error::Error,
    postgres::{idempotency_keys, orders},
};

/// A request, and what it came with.
#[derive(Debug, Clone)]
pub struct Creation {
    /// What is asked for.
    pub request: OrderRequest,
    /// The client's name for the request.
    pub key: Option<IdempotencyKey>,
    /// The trace that it belongs to.
    pub trace: TraceParent,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The order, as it was when the request was first answered.
    pub order: Order,
    /// Whether that request made it; else it was there, and the same.
    pub is_new: bool,
}

impl Orders {
    /// Makes the order, or finds it as it was asked for before.
    ///
    /// Of requests with one key, or with one order id, that come at the same moment, one makes the order and the others
    /// wait for it.
    ///
    /// # Errors
    /// The id belongs to an order with another content, or the key to another request; or the database.
    pub async fn create(&self, creation: Creation) -> Result<Created, Error> {
        let mut transaction = self.pool.begin().await?;
        let Some(key) = &creation.key else {
            let created = self.make(&mut transaction, creation.request, creation.trace).await?;
            transaction.commit().await?;
            self.outbox.wake();
            return Ok(created);
        };
        let now = self.clock.now();
        let canonical = creation.request.canonical();
        if !idempotency_keys::claim(&mut transaction, key, &canonical, now, now + self.key_ttl).await? {
            let earlier = idempotency_keys::earlier_answer(&mut transaction, key, &canonical).await?;
            return earlier.ok_or(Error::IdempotencyKeyReused);
        }
        let created = self.make(&mut transaction, creation.request, creation.trace).await?;
        idempotency_keys::answer(&mut transaction, key, &created).await?;
        transaction.commit().await?;
        self.outbox.wake();
        Ok(created)
    }

    async fn make(
        &self,
        transaction: &mut PgConnection,
        request: OrderRequest,
        trace: TraceParent,
    ) -> Result<Created, Error> {
        let asked = AddOrder {
            order_id: request.order_id.unwrap_or_else(|| self.ids.next()),
            details: request.details,
            zone: request.zone,
            added_at: self.clock.now(),
            priority: request.priority,
        };
        let Some(order) = orders::insert(&mut *transaction, &asked).await? else {
            let order = orders::get(&mut *transaction, asked.order_id).await?.ok_or(Error::OrderNotFound)?;
            let same = is_what_is_asked_for(&order, &asked);
            return if same { Ok(Created { order, is_new: false }) } else { Err(Error::OrderConflict) };
        };
        let event_id = self.ids.next();
        tracing::info!(order.id = %order.order_id, event.id = %event_id, zone = %order.zone, "order made");
        let event = Event::new(event_id, asked.added_at, Payload::AddOrder(asked));
        self.outbox.enqueue(transaction, &[events::to_outbox(event_id, &event, trace)]).await?;
        Ok(Created { order, is_new: true })
    }
}
