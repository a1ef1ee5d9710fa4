//! Giving an order to a courier by hand.

use dispatch_contracts::id::{CourierId, OrderId};
use trace::TraceParent;

use super::{Dispatch, DispatchError};
use crate::facts::{Pin, PinRefusal};

impl Dispatch {
    /// Gives an order to a courier, taking it from whoever has it. It goes on to its end also when nobody waits for it any
    /// more: what is committed has to be told to Redis.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer; it may be repeated.
    pub async fn pin(
        &self,
        order_id: OrderId,
        courier_id: CourierId,
        force: bool,
        trace: TraceParent,
    ) -> Result<Result<(), PinRefusal>, DispatchError> {
        let pin = Pin { event_id: self.ids.next(), order_id, courier_id, force, trace };
        let dispatch = self.clone();
        tokio::spawn(async move { dispatch.carry_out(pin).await }).await.map_err(DispatchError::Ended)?
    }

    async fn carry_out(&self, pin: Pin) -> Result<Result<(), PinRefusal>, DispatchError> {
        let Pin { order_id, courier_id, force, trace, .. } = pin;
        match self.facts.pin(pin, self.deciding()).await? {
            Err(refusal) => Ok(Err(refusal)),
            Ok((confirmation, mut updates)) => {
                // In a task of its own, which is not within what the request logs.
                tracing::info!(
                    order.id = %order_id, courier.id = %courier_id, trace.id = trace.trace_id(), force,
                    "assigned by hand"
                );
                // Whatever the zone thinks of the order, it will say that this differs, and is told how it stands.
                updates.push(confirmation);
                self.follow(updates).await.map(Ok)
            }
        }
    }
}
