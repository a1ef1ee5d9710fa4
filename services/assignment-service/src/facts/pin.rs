//! Pinning an order to a courier, by hand.

use dispatch_contracts::{
    event::{Cause, OrderAssigned, OrderUnassigned, Payload},
    id::{CourierId, EventId, OrderId},
    order::OrderStatus,
    zone::Zone,
};
use sqlx::PgConnection;
use trace::TraceParent;

use super::{
    Facts, FactsError, couriers,
    decisions::{self, Deciding, Decision},
    log,
    orders::{self, Held, Hold, Prepare},
};
use crate::domain::{courier::Courier, pick::Inputs, settlement::Update};

/// The type under which the command stands in the log.
const COMMAND: &str = "AssignOrder";

/// The command.
#[derive(Debug, Clone, Copy)]
pub struct Pin {
    /// The command's own id.
    pub event_id: EventId,
    /// Which order.
    pub order_id: OrderId,
    /// Whom to give it to.
    pub courier_id: CourierId,
    /// Also where they are full, away or of another zone.
    pub force: bool,
    /// The trace that it belongs to.
    pub trace: TraceParent,
}

/// Why an order is not pinned to a courier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PinRefusal {
    /// No AddOrder named it.
    #[error("there is no such order")]
    OrderNotFound,
    /// No AddCourier named them.
    #[error("there is no such courier")]
    CourierNotFound,
    /// It is delivered or cancelled.
    #[error("the order is {0}")]
    Finished(OrderStatus),
    /// They have as many orders as they take.
    #[error("the courier has {open} open orders and takes no more; force gives them one more")]
    Full {
        /// Orders now assigned to them.
        open: u32,
    },
    /// They take no orders of this zone now.
    #[error("the courier takes no orders of zone {0} now; force gives it to them all the same")]
    Away(Zone),
}

impl Facts {
    /// Gives an order to a courier, taking it from whoever has it; answers what Redis has to follow: of the
    /// order, and of couriers. Giving it to who has it changes nothing.
    ///
    /// # Errors
    /// PostgreSQL does not answer; nothing took effect, or all of it, and it may be repeated.
    pub async fn pin(
        &self,
        pin: Pin,
        with: Deciding<'_>,
    ) -> Result<Result<(Update, Vec<Update>), PinRefusal>, FactsError> {
        let command = [log::Entry {
            event_id: pin.event_id,
            r#type: COMMAND,
            order_id: Some(pin.order_id),
            courier_id: Some(pin.courier_id),
            zone: None,
            payload: serde_json::json!({
                "orderId": pin.order_id, "courierId": pin.courier_id, "force": pin.force,
            }),
            message_id: None,
            occurred_at: with.now,
            inputs: None,
        }];
        let prepare = Prepare { log: &command, hear_of: false };
        let also = [(pin.courier_id, true)];
        let Hold { mut transaction, orders: held, .. } = orders::hold(self, &[pin.order_id], &also, prepare).await?;
        let courier = couriers::read(&mut transaction, &[pin.courier_id.as_uuid()]).await?.pop();
        let (held, zone, courier) = match allowed(&pin, held.into_iter().next(), courier) {
            Ok(allowed) => allowed,
            // Dropping the transaction takes the command back out of the log.
            Err(refusal) => return Ok(Err(refusal)),
        };
        let confirmation = Update::Confirm { zone: zone.clone(), order_id: pin.order_id, courier_id: pin.courier_id };
        let changed = held.holder().into_iter().chain([pin.courier_id]).map(|courier| (courier, zone.clone()));
        let changed: Vec<_> = changed.collect();
        // A repetition writes nothing, and tells Redis again: whoever wrote it may have died before they did.
        if held.holder() != Some(pin.courier_id) {
            write(&mut transaction, &pin, &held, &zone, &courier, with).await?;
            couriers::raise_revisions(&mut transaction, &changed).await?;
        }
        let elsewhere = couriers::elsewhere(&mut transaction, &changed).await?;
        transaction.commit().await?;
        with.outbox.wake();
        let updates = elsewhere.iter().flat_map(Courier::entries).map(Update::Courier).collect();
        Ok(Ok((confirmation, updates)))
    }
}

fn allowed(pin: &Pin, held: Option<Held>, courier: Option<Courier>) -> Result<(Held, Zone, Courier), PinRefusal> {
    let held = held.ok_or(PinRefusal::OrderNotFound)?;
    let zone = held.zone.clone().ok_or(PinRefusal::OrderNotFound)?;
    let courier = courier.ok_or(PinRefusal::CourierNotFound)?;
    if held.status.has_ended() {
        return Err(PinRefusal::Finished(held.status));
    }
    if held.holder() != Some(pin.courier_id) && !pin.force {
        if !courier.takes_orders_of(&zone) {
            return Err(PinRefusal::Away(zone));
        }
        if !courier.has_room(0) {
            return Err(PinRefusal::Full { open: courier.open });
        }
    }
    Ok((held, zone, courier))
}

async fn write(
    transaction: &mut PgConnection,
    pin: &Pin,
    held: &Held,
    zone: &Zone,
    courier: &Courier,
    with: Deciding<'_>,
) -> Result<(), FactsError> {
    let (order_id, cause) = (pin.order_id, Some(Cause::Manual));
    let mut decisions = Vec::new();
    let mut at = held.decided_at(with.now);
    if let Some(holder) = held.holder() {
        let unassigned = OrderUnassigned { order_id, courier_id: holder, zone: zone.clone(), unassigned_at: at, cause };
        let payload = Payload::OrderUnassigned(unassigned);
        decisions.push(Decision {
            event_id: with.ids.next(),
            at,
            payload,
            inputs: None,
            cause: pin.trace,
            caused_at: Some(with.now),
        });
        at += chrono::TimeDelta::microseconds(1);
    }
    let assigned = OrderAssigned { order_id, courier_id: pin.courier_id, zone: zone.clone(), assigned_at: at, cause };
    let event_id: EventId = with.ids.next();
    let inputs = Some(Inputs { score: courier.open, runner_up: None, candidates: None });
    decisions.push(Decision {
        event_id,
        at,
        payload: Payload::OrderAssigned(assigned),
        inputs,
        cause: pin.trace,
        caused_at: Some(with.now),
    });
    sqlx::query(include_str!("sql/pin_order.sql"))
        .bind(order_id.as_uuid())
        .bind(pin.courier_id.as_uuid())
        .bind(at)
        .bind(event_id.as_uuid())
        .bind(i32::try_from(courier.open).unwrap_or(i32::MAX))
        .execute(&mut *transaction)
        .await?;
    decisions::publish(transaction, with.outbox, Vec::new(), decisions).await
}
