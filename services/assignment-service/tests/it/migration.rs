//! A database of an earlier version: what was logged then and had no effect has none now.

use anyhow::Result;
use assignment_service::facts::{Facts, MIGRATIONS};
use chrono::Utc;
use dispatch_contracts::{
    event::{OrderStep, Payload},
    id::OrderId,
};
use messaging::outbox;
use sqlx::migrate::Migrator;
use test_support::{Servers, database};
use uuid::Uuid;

use crate::world::{incoming, order_id};

/// The last migration of the version that logged steps and did nothing about them.
const BEFORE: i64 = 102;

#[tokio::test]
async fn a_cancellation_that_was_only_logged_does_not_come_true_later() -> Result<()> {
    let earlier = MIGRATIONS.iter().filter(|migration| migration.version <= BEFORE).cloned().collect();
    let servers = Servers::from_env()?;
    let pool = database::migrated(&servers, &outbox::with_migrations(&Migrator::with_migrations(earlier))).await?;
    let (order, courier, assigned): (OrderId, _, _) = (order_id(), Uuid::new_v4(), Uuid::now_v7());
    sqlx::query(
        "INSERT INTO orders (order_id, zone, priority, added_at, status, courier_id, assigned_at, assignment_event_id)
         VALUES ($1, 'S', 0, now(), 'assigned', $2, now() - interval '2 minutes', $3)",
    )
    .bind(order.as_uuid())
    .bind(courier)
    .bind(assigned)
    .execute(&pool)
    .await?;
    let logged = "INSERT INTO event_log (event_id, type, order_id, courier_id, payload, source_message_id, occurred_at)
                  VALUES ($1, $2, $3, $4, '{}', $5, now() - $6 * interval '1 minute')";
    for (id, kind, by, message, age) in
        [(assigned, "OrderAssigned", Some(courier), None, 2), (Uuid::now_v7(), "OrderCancelled", None, Some("m"), 1)]
    {
        let line = sqlx::query(logged).bind(id).bind(kind).bind(order.as_uuid()).bind(by).bind(message).bind(age);
        line.execute(&pool).await?;
    }

    outbox::with_migrations(&MIGRATIONS).run(&pool).await?;
    let picked_up = Payload::OrderPickedUp(OrderStep { order_id: order, courier_id: None });
    Facts::new(pool.clone()).live(&[&incoming(Utc::now(), picked_up)]).await?;
    let status: String = sqlx::query_scalar("SELECT status FROM orders").fetch_one(&pool).await?;
    assert_eq!(status, "picked_up");
    Ok(())
}
