//! What happens to orders after their assignment: pickups, deliveries, cancellations.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    event::Version,
    id::{CourierId, OrderId},
    life::{Change, Happening, Life, Refusal},
    zone::Zone,
};
use events::{Incoming, Refused};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{
    Facts, FactsError, couriers, log,
    orders::{self, Held, Hold, Prepare},
};
use crate::domain::{
    courier::Courier,
    settlement::{Former, Update},
};

/// What came of events about orders.
#[derive(Debug, Default)]
pub struct Lived {
    /// What Redis has to follow.
    pub updates: Vec<Update>,
    /// New events that changed nothing, since they are impossible.
    pub refused: Vec<Refused>,
}

#[derive(FromRow)]
struct HappeningRow {
    order_id: Uuid,
    event_id: Uuid,
    r#type: String,
    courier_id: Option<Uuid>,
    occurred_at: DateTime<Utc>,
}

/// An order and its life after the new events.
struct Lives {
    held: Held,
    happenings: Vec<Happening>,
    life: Life,
    steps: Vec<Result<Life, Refusal>>,
}

impl Facts {
    /// Logs events that change where orders are in their lives, and writes where they are now. Orders that were not heard
    /// of are remembered.
    ///
    /// # Errors
    /// PostgreSQL does not answer; nothing took effect, or all of it, and it may be repeated.
    pub async fn live(&self, events: &[&Incoming]) -> Result<Lived, FactsError> {
        let ids: Vec<OrderId> = events.iter().filter_map(|event| event.payload.order_id()).collect();
        let entries: Vec<_> = events.iter().map(|event| log::Entry::from(*event)).collect();
        let prepare = Prepare { log: &entries, hear_of: true };
        let Hold { mut transaction, orders, new } = orders::hold(self, &ids, &[], prepare).await?;
        let lives = relive(&mut transaction, orders).await?;
        write(&mut transaction, &lives).await?;
        let gone = gone(&lives);
        couriers::raise_revisions(&mut transaction, &gone).await?;
        // Also those who lost it before: whoever wrote that may have died before they told Redis.
        let ever: Vec<_> = gone.into_iter().chain(lives.iter().flat_map(ever)).collect();
        let elsewhere = couriers::elsewhere(&mut transaction, &ever).await?;
        transaction.commit().await?;

        let mut lived = Lived::default();
        for life in &lives {
            lived.updates.extend(release(life));
            let refused = life.happenings.iter().zip(&life.steps).filter_map(|(happening, step)| {
                let (event_id, order_id) = (happening.version.event_id, life.held.order_id);
                let refusal = step.err().filter(|_| new.contains(&(event_id, Some(order_id))))?;
                let is_it =
                    |event: &&&Incoming| event.event_id == event_id && event.payload.order_id() == Some(order_id);
                Some(refused(events.iter().find(is_it)?, order_id, refusal))
            });
            lived.refused.extend(refused);
        }
        lived.updates.extend(elsewhere.iter().flat_map(Courier::entries).map(Update::Courier));
        Ok(lived)
    }
}

/// An event that changes nothing.
pub(super) fn refused(event: &Incoming, order_id: OrderId, refusal: Refusal) -> Refused {
    let Incoming { event_id, payload, .. } = event;
    Refused { event_id: *event_id, type_name: payload.type_name(), order_id, courier_id: payload.courier_id(), refusal }
}

async fn relive(transaction: &mut PgConnection, held: Vec<Held>) -> Result<Vec<Lives>, FactsError> {
    let ids: Vec<Uuid> = held.iter().map(|held| held.order_id.as_uuid()).collect();
    let mut known = happenings(transaction, ids).await?;
    let live = |held: Held| {
        let mut happenings = known.remove(&held.order_id).unwrap_or_default();
        let (life, steps) = Life::of(&mut happenings);
        Lives { held, happenings, life, steps }
    };
    Ok(held.into_iter().map(live).collect())
}

/// What has happened to orders, in no order.
pub(super) async fn happenings(
    connection: &mut PgConnection,
    ids: Vec<Uuid>,
) -> Result<HashMap<OrderId, Vec<Happening>>, FactsError> {
    let query = sqlx::query_as::<_, HappeningRow>(include_str!("sql/happenings.sql"));
    let mut known: HashMap<OrderId, Vec<Happening>> = HashMap::new();
    for row in query.bind(ids).fetch_all(connection).await? {
        let (order_id, courier) = (OrderId::from(row.order_id), row.courier_id.map(CourierId::from));
        let change = Change::from_parts(&row.r#type, courier)
            .ok_or(FactsError::Value { table: "happenings", value: row.r#type })?;
        let version = Version { at: row.occurred_at, event_id: row.event_id.into() };
        known.entry(order_id).or_default().push(Happening { version, change });
    }
    Ok(known)
}

async fn write(transaction: &mut PgConnection, lives: &[Lives]) -> Result<(), FactsError> {
    let assigned = |lives: &Lives| lives.life.assigned;
    sqlx::query(include_str!("sql/live_orders.sql"))
        .bind(lives.iter().map(|lives| lives.held.order_id.as_uuid()).collect::<Vec<_>>())
        .bind(lives.iter().map(|lives| lives.life.status.as_str()).collect::<Vec<_>>())
        .bind(lives.iter().map(|lives| Some(assigned(lives)?.0.as_uuid())).collect::<Vec<_>>())
        .bind(lives.iter().map(|lives| lives.life.assigned_at()).collect::<Vec<_>>())
        .bind(lives.iter().map(|lives| Some(assigned(lives)?.1.event_id.as_uuid())).collect::<Vec<_>>())
        .bind(lives.iter().map(latest_at).collect::<Vec<_>>())
        .execute(&mut *transaction)
        .await?;
    let ended: Vec<Uuid> =
        lives.iter().filter(|lives| lives.life.status.has_ended()).map(|lives| lives.held.order_id.as_uuid()).collect();
    sqlx::query(include_str!("sql/forget_declines.sql")).bind(ended).execute(transaction).await?;
    Ok(())
}

fn latest_at(lives: &Lives) -> Option<DateTime<Utc>> {
    lives.happenings.iter().map(|happening| happening.version.at).max()
}

/// Who loses an order now, and its zone.
fn gone(lives: &[Lives]) -> Vec<(CourierId, Zone)> {
    let gone = |lives: &Lives| {
        let holder = lives.held.holder().filter(|_| lives.life.status.has_ended())?;
        Some((holder, lives.held.zone.clone()?))
    };
    lives.iter().filter_map(gone).collect()
}

/// Who was ever given an order that has ended, and its zone.
fn ever(lives: &Lives) -> Vec<(CourierId, Zone)> {
    let Some(zone) = lives.held.zone.as_ref().filter(|_| lives.life.status.has_ended()) else { return Vec::new() };
    let given = lives.happenings.iter().filter_map(|happening| match happening.change {
        Change::Assigned(courier) => Some((courier, zone.clone())),
        Change::Unassigned(_) | Change::PickedUp(_) | Change::Delivered(_) | Change::Cancelled => None,
    });
    given.collect()
}

/// What the order's zone has to follow. Also when the order had ended before: whoever wrote that may have died before
/// they told Redis.
fn release(lives: &Lives) -> Option<Update> {
    let zone = lives.held.zone.clone().filter(|_| lives.life.status.has_ended())?;
    Some(Update::Release { zone, order_id: lives.held.order_id, former: Former::Anybody })
}
