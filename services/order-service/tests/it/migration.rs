//! A database of an earlier version: its orders are shown as before, and what is heard of them later finds their past.

use anyhow::Result;
use dispatch_contracts::{id::OrderId, life::Change, order::OrderStatus, resource::Order};
use messaging::outbox;
use order_service::postgres::MIGRATIONS;
use sqlx::{PgPool, migrate::Migrator};
use test_support::{Servers, database};
use uuid::Uuid;

use crate::support::{UseCases, changed, second};

/// The last migration of the version that kept only the newest decisions.
const BEFORE: i64 = 102;

/// Orders that it knew.
const ROWS: u128 = 8;

/// Orders 1 to 8, as that version kept them: who got it in which second, who lost it in which, how far it got, and
/// whether its details are known.
const INSERT_ROWS: &str = "
    INSERT INTO orders (order_id, details, zone, priority, added_at,
        given_to, given_at, given_event, taken_from, taken_at, taken_event, progress)
    SELECT lpad(id::text, 32, '0')::uuid,
        CASE WHEN known THEN 'Buy' END, CASE WHEN known THEN 'S' END, CASE WHEN known THEN 3 END,
        CASE WHEN known THEN '2026-01-01T00:00:00Z'::timestamptz END,
        lpad(given_to::text, 32, '0')::uuid, '2026-01-01T00:00:00Z'::timestamptz + given_after,
        CASE WHEN given_to IS NOT NULL THEN lpad(id::text || '1', 32, '0')::uuid END,
        lpad(taken_from::text, 32, '0')::uuid, '2026-01-01T00:00:00Z'::timestamptz + taken_after,
        CASE WHEN taken_from IS NOT NULL THEN lpad(id::text || '2', 32, '0')::uuid END, progress
    FROM (VALUES
        (1, NULL, NULL::interval, NULL, NULL::interval, NULL, true),
        (2, 1, '10 s', NULL, NULL, NULL, true),
        (3, 1, '10 s', 1, '20 s', NULL, true),
        (4, 2, '30 s', 1, '20 s', NULL, true),
        (5, 1, '10 s', NULL, NULL, 'delivered', true),
        (6, 1, '10 s', NULL, NULL, 'picked_up', true),
        (7, NULL, NULL, NULL, NULL, 'cancelled', true),
        (8, 1, '10 s', NULL, NULL, NULL, false)
    ) AS row (id, given_to, given_after, taken_from, taken_after, progress, known)";

/// What the earlier version shows, in its own words: every row, also those without details.
async fn rows(pool: &PgPool) -> Result<Vec<String>> {
    let statement = "SELECT row_to_json(shown)::text FROM (SELECT order_id, details, zone, status, priority, added_at, \
                     courier_id, assigned_at FROM orders ORDER BY order_id) AS shown";
    Ok(sqlx::query_scalar(statement).fetch_all(pool).await?)
}

async fn migrated() -> Result<(UseCases, Vec<String>)> {
    let servers = Servers::from_env()?;
    let earlier = MIGRATIONS.iter().filter(|migration| migration.version <= BEFORE).cloned().collect();
    let pool = database::migrated(&servers, &outbox::with_migrations(&Migrator::with_migrations(earlier))).await?;
    sqlx::query(INSERT_ROWS).execute(&pool).await?;
    let before = rows(&pool).await?;
    outbox::with_migrations(&MIGRATIONS).run(&pool).await?;
    Ok((UseCases::on(pool)?, before))
}

#[tokio::test]
async fn every_row_is_shown_as_before() -> Result<()> {
    let (world, before) = migrated().await?;
    assert_eq!(before.len(), usize::try_from(ROWS)?);
    assert_eq!(rows(&world.pool).await?, before);
    Ok(())
}

/// Each order hears of something that changes nothing, so that its row is made anew from the changes that were moved.
#[tokio::test]
async fn the_changes_that_were_moved_make_the_same_rows() -> Result<()> {
    let (world, before) = migrated().await?;
    let stranger = Change::Unassigned(Uuid::from_u128(99).into());
    for number in 1..=ROWS {
        let news = changed(order(number), stranger, second(40)?, Uuid::from_u128(1));
        world.orders.record_changes(&[news]).await?;
    }
    assert_eq!(rows(&world.pool).await?, before);
    Ok(())
}

#[tokio::test]
async fn what_comes_later_finds_the_past() -> Result<()> {
    let (world, _) = migrated().await?;
    let shown = async |number: u128| {
        let Order { status, courier_id, .. } = world.orders.get(order(number)).await?;
        anyhow::Ok((status, courier_id))
    };
    let courier = |number| Uuid::from_u128(number).into();
    // The decision that is known comes again, as an event that it had, and one that is older than it.
    let again = changed(order(2), Change::Assigned(courier(7)), second(50)?, Uuid::from_u128(0x21));
    let older = changed(order(2), Change::Assigned(courier(7)), second(5)?, Uuid::from_u128(0x29));
    let done = changed(order(6), Change::Delivered(Some(courier(1))), second(50)?, Uuid::from_u128(0x69));
    world.orders.record_changes(&[again, older, done]).await?;
    assert_eq!(shown(2).await?, (OrderStatus::Assigned, Some(courier(1))));
    assert_eq!(shown(6).await?, (OrderStatus::Delivered, Some(courier(1))));
    Ok(())
}

fn order(number: u128) -> OrderId {
    Uuid::from_u128(number).into()
}
