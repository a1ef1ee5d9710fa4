//! The use cases about couriers, one a file. Whatever way a request comes in, it ends here.

mod get;
mod list;
mod record;
mod register;
mod set_availability;

use dispatch_contracts::{
    event::{Event, Payload},
    id::EventId,
    resource::Courier,
};
use messaging::Outbox;
use runtime::{Clock, Ids};
use sqlx::{PgConnection, PgPool};
use trace::TraceParent;

pub use self::{list::Position, record::News, register::Registered};
use crate::domain::announcement;

/// The couriers of this service.
#[derive(Debug, Clone)]
pub struct Couriers {
    pool: PgPool,
    outbox: Outbox,
    clock: Clock,
    ids: Ids,
}

impl Couriers {
    /// The couriers in a database; what changes here is published through the outbox.
    #[must_use]
    pub fn new(pool: PgPool, outbox: Outbox, clock: Clock, ids: Ids) -> Self {
        Self { pool, outbox, clock, ids }
    }

    /// Publishes the courier as they are now, if the transaction commits. The event has the courier's version, so it
    /// changes nothing here when it comes back.
    async fn announce(
        &self,
        transaction: &mut PgConnection,
        event_id: EventId,
        courier: &Courier,
        trace: TraceParent,
    ) -> Result<(), sqlx::Error> {
        let event = Event::new(event_id, courier.updated_at, Payload::AddCourier(announcement(courier)));
        self.outbox.enqueue(transaction, &[events::to_outbox(event_id, &event, trace)]).await?;
        tracing::info!(
            courier.id = %courier.courier_id, event.id = %event_id, zone = %courier.zone,
            available = courier.is_available, "courier changed"
        );
        Ok(())
    }
}
