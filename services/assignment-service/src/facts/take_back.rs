//! Taking orders back from couriers: they wait again, and everybody is told.

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    event::{Cause, OrderRejected, OrderUnassigned, Payload},
    id::{CourierId, OrderId},
    life::Refusal,
    order::OrderStatus,
    timestamp,
    zone::Zone,
};
use events::Incoming;
use runtime::Ids;
use sqlx::{PgConnection, Postgres, Transaction};
use trace::TraceParent;
use uuid::Uuid;

use super::{
    Facts, FactsError, couriers,
    decisions::{self, Deciding, Decision},
    live::{self, Lived},
    log,
    orders::{self, Held, Hold, Prepare},
};
use crate::domain::{
    courier::Courier,
    order::Standing,
    settlement::{Update, settle},
};

/// Takes an order back from its holder.
struct Back {
    held: Held,
    zone: Zone,
    holder: CourierId,
    cause: Cause,
    trace: TraceParent,
    caused_at: Option<DateTime<Utc>>,
}

/// The order's zone, the order, and who is said to have it no longer.
type Lost = (Zone, OrderId, CourierId);

impl Back {
    fn lost(&self) -> Lost {
        (self.zone.clone(), self.held.order_id, self.holder)
    }
}

impl Facts {
    /// Takes declined orders back from those who declined them. An order that they do not have, or that is picked up or has
    /// ended, stays where it is.
    ///
    /// # Errors
    /// PostgreSQL does not answer; nothing took effect, or all of it, and it may be repeated.
    pub async fn reject(
        &self,
        events: &[(&Incoming, &OrderRejected)],
        with: Deciding<'_>,
    ) -> Result<Lived, FactsError> {
        let ids: Vec<OrderId> = events.iter().map(|(_, rejected)| rejected.order_id).collect();
        let entries: Vec<_> = events.iter().map(|(event, _)| log::Entry::from(*event)).collect();
        let prepare = Prepare { log: &entries, hear_of: false };
        let Hold { mut transaction, orders: mut held, mut new } = orders::hold(self, &ids, &[], prepare).await?;
        let (mut refused, mut back, mut lost) = (Vec::new(), Vec::new(), Vec::new());
        for (event, rejected) in events {
            let at = held.iter().position(|held| held.order_id == rejected.order_id);
            // Also where it is refused: whoever took the order back before may have died before they told Redis.
            let zone = at.and_then(|at| held.get(at)?.zone.clone());
            lost.extend(zone.map(|zone| (zone, rejected.order_id, rejected.courier_id)));
            // Once only: the same one may be in a batch twice.
            let is_new = new.remove(&(event.event_id, Some(rejected.order_id)));
            match declined(at.and_then(|at| held.get(at)), event, rejected.courier_id) {
                // What was heard of before had its effect then, or was refused: they may have been given the order since.
                Ok(_) if !is_new => {}
                Ok(zone) => {
                    // Out of the list: a second rejection in this batch finds it gone.
                    let Some(held) = at.map(|at| held.swap_remove(at)) else { continue };
                    let (holder, cause) = (rejected.courier_id, Cause::Rejected);
                    back.push(Back {
                        held,
                        zone,
                        holder,
                        cause,
                        trace: event.trace,
                        caused_at: Some(event.version.at),
                    });
                }
                Err(refusal) if is_new => {
                    refused.push(live::refused(event, rejected.order_id, refusal));
                }
                Err(_) => {}
            }
        }
        sqlx::query(include_str!("sql/note_declines.sql"))
            .bind(back.iter().map(|back| back.held.order_id.as_uuid()).collect::<Vec<_>>())
            .bind(back.iter().map(|back| back.holder.as_uuid()).collect::<Vec<_>>())
            .bind(timestamp::to_micros(with.now))
            .execute(&mut *transaction)
            .await?;
        let updates = self.take_back(transaction, back, lost, with).await?;
        Ok(Lived { updates, refused })
    }

    /// Takes orders back that are not picked up and are with couriers who left before `left_before`; at most so many.
    ///
    /// # Errors
    /// PostgreSQL does not answer; nothing took effect, or all of it, and it may be repeated.
    pub async fn take_back_left_behind(
        &self,
        left_before: DateTime<Utc>,
        most: i64,
        with: Deciding<'_>,
    ) -> Result<Vec<Update>, FactsError> {
        let found = left_behind(&mut *self.pool.acquire().await?, left_before, None, most).await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<OrderId> = found.into_iter().map(|(order, _)| order).collect();
        let prepare = Prepare { log: &[], hear_of: false };
        let Hold { mut transaction, orders: held, .. } = orders::hold(self, &ids, &[], prepare).await?;
        // Looked at again behind the locks: they may have come back, or picked it up.
        let still = left_behind(&mut transaction, left_before, Some(&ids), most).await?;
        let is_still = |held: &Held, holder: CourierId| still.contains(&(held.order_id, holder));
        let back = held.into_iter().filter_map(|held| {
            let (holder, zone) = (held.holder().filter(|holder| is_still(&held, *holder))?, held.zone.clone()?);
            let trace = held.trace.unwrap_or_else(TraceParent::start);
            Some(Back { held, zone, holder, cause: Cause::CourierLeft, trace, caused_at: None })
        });
        let back: Vec<_> = back.collect();
        let lost = back.iter().map(Back::lost).collect();
        self.take_back(transaction, back, lost, with).await
    }

    /// Puts the orders back into the line, commits, and answers what Redis has to follow of those that couriers lost.
    async fn take_back(
        &self,
        mut transaction: Transaction<'static, Postgres>,
        back: Vec<Back>,
        lost: Vec<Lost>,
        with: Deciding<'_>,
    ) -> Result<Vec<Update>, FactsError> {
        let at: Vec<DateTime<Utc>> = back.iter().map(|back| back.held.decided_at(with.now)).collect();
        sqlx::query(include_str!("sql/put_back_orders.sql"))
            .bind(back.iter().map(|back| back.held.order_id.as_uuid()).collect::<Vec<_>>())
            .bind(&at)
            .execute(&mut *transaction)
            .await?;
        let decisions = back.iter().zip(&at).map(|(back, at)| unassigned(back, *at, with.ids));
        decisions::publish(&mut transaction, with.outbox, Vec::new(), decisions.collect()).await?;
        let theirs: Vec<(CourierId, Zone)> = back.iter().map(|back| (back.holder, back.zone.clone())).collect();
        couriers::raise_revisions(&mut transaction, &theirs).await?;
        let lost_by: Vec<(CourierId, Zone)> = lost.iter().map(|(zone, _, holder)| (*holder, zone.clone())).collect();
        let elsewhere = couriers::elsewhere(&mut transaction, &lost_by).await?;
        let updates = settled(&mut transaction, &lost).await?;
        transaction.commit().await?;
        with.outbox.wake();
        Ok(updates.into_iter().chain(elsewhere.iter().flat_map(Courier::entries).map(Update::Courier)).collect())
    }
}

/// Whether a courier may decline an order as it is; answers its zone.
fn declined(held: Option<&Held>, event: &Incoming, courier: CourierId) -> Result<Zone, Refusal> {
    let Some(held) = held else { return Err(Refusal::Impossible(OrderStatus::Pending)) };
    match (held.status, held.courier_id, &held.zone) {
        (OrderStatus::Assigned | OrderStatus::PickedUp, Some(holder), _) if holder != courier => {
            Err(Refusal::SomebodyElse(holder))
        }
        // Said before they were given it: that was about an earlier assignment.
        (OrderStatus::Assigned, _, Some(zone)) if held.assigned_at.is_none_or(|at| after(event, at)) => {
            Ok(zone.clone())
        }
        (status, ..) => Err(Refusal::Impossible(status)),
    }
}

/// The broker's time has milliseconds only.
fn after(event: &Incoming, at: DateTime<Utc>) -> bool {
    event.version.at.timestamp_millis() >= at.timestamp_millis()
}

fn unassigned(back: &Back, at: DateTime<Utc>, ids: &Ids) -> Decision {
    let payload = Payload::OrderUnassigned(OrderUnassigned {
        order_id: back.held.order_id,
        courier_id: back.holder,
        zone: back.zone.clone(),
        unassigned_at: at,
        cause: Some(back.cause),
    });
    Decision { event_id: ids.next(), at, payload, inputs: None, cause: back.trace, caused_at: back.caused_at }
}

async fn settled(transaction: &mut PgConnection, lost: &[Lost]) -> Result<Vec<Update>, FactsError> {
    let asked: Vec<(&Zone, OrderId)> = lost.iter().map(|(zone, order, _)| (zone, *order)).collect();
    let standings = orders::standings(transaction, &asked).await?;
    let update = |((zone, order, holder), standing): (&Lost, Standing)| settle(zone, *order, Some(*holder), standing);
    Ok(lost.iter().zip(standings).filter_map(update).collect())
}

async fn left_behind(
    connection: &mut PgConnection,
    left_before: DateTime<Utc>,
    of: Option<&[OrderId]>,
    most: i64,
) -> Result<Vec<(OrderId, CourierId)>, FactsError> {
    let of: Option<Vec<Uuid>> = of.map(|orders| orders.iter().map(OrderId::as_uuid).collect());
    let query = sqlx::query_as::<_, (Uuid, Uuid)>(include_str!("sql/left_behind.sql"));
    let found = query.bind(left_before).bind(of).bind(most).fetch_all(connection).await?;
    Ok(found.into_iter().map(|(order, courier)| (order.into(), courier.into())).collect())
}
