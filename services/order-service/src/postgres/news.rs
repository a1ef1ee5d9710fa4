//! The table `orders`, written to by events: a batch is one statement. Rows are taken in the order of their ids, so
//! that two batches never wait for each other in a circle.

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    event::AddOrder,
    id::{CourierId, EventId, OrderId},
};
use sqlx::{PgPool, types::Uuid};

use crate::orders::{Given, Taken};

/// Adds orders whose details are not known yet.
pub(crate) async fn add(pool: &PgPool, added: &[AddOrder]) -> Result<(), sqlx::Error> {
    if added.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("add_orders.sql"))
        .bind(added.iter().map(|order| order.order_id.as_uuid()).collect::<Vec<_>>())
        .bind(added.iter().map(|order| order.details.as_str()).collect::<Vec<_>>())
        .bind(added.iter().map(|order| order.zone.as_str()).collect::<Vec<_>>())
        .bind(added.iter().map(|order| i16::from(order.priority.get())).collect::<Vec<_>>())
        .bind(added.iter().map(|order| order.added_at).collect::<Vec<_>>())
        .execute(pool)
        .await
        .map(|_| ())
}

/// Records the newest decision that gave each order to somebody.
pub(crate) async fn give(pool: &PgPool, given: &[Given]) -> Result<(), sqlx::Error> {
    let news = given.iter().map(|news| {
        let decision = &news.decision;
        (decision.order_id, decision.courier_id, decision.assigned_at, news.event_id)
    });
    decide(pool, include_str!("give_orders.sql"), news).await
}

/// Records the newest decision that took each order from somebody.
pub(crate) async fn take(pool: &PgPool, taken: &[Taken]) -> Result<(), sqlx::Error> {
    let news = taken.iter().map(|news| {
        let decision = &news.decision;
        (decision.order_id, decision.courier_id, decision.unassigned_at, news.event_id)
    });
    decide(pool, include_str!("take_orders.sql"), news).await
}

async fn decide(
    pool: &PgPool,
    statement: &'static str,
    news: impl ExactSizeIterator<Item = (OrderId, CourierId, DateTime<Utc>, EventId)>,
) -> Result<(), sqlx::Error> {
    if news.len() == 0 {
        return Ok(());
    }
    let (mut orders, mut couriers, mut times, mut events) = (vec![], vec![], vec![], vec![]);
    for (order_id, courier_id, at, event_id) in news {
        orders.push(order_id.as_uuid());
        couriers.push(courier_id.as_uuid());
        times.push(at);
        events.push(event_id.as_uuid());
    }
    let (orders, couriers, events): (Vec<Uuid>, Vec<Uuid>, Vec<Uuid>) = (orders, couriers, events);
    sqlx::query(statement).bind(orders).bind(couriers).bind(times).bind(events).execute(pool).await.map(|_| ())
}
