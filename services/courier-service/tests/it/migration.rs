//! A database of an earlier version: its pairs are shown as before, and what is heard of them later finds their past.

use anyhow::Result;
use courier_service::postgres::MIGRATIONS;
use dispatch_contracts::{id::OrderId, life::Change, order::OrderStatus};
use messaging::outbox;
use sqlx::{PgPool, migrate::Migrator};
use test_support::{Servers, database};
use uuid::Uuid;

use crate::support::{UseCases, changed, second};

/// The last migration of the version that kept only the newest decisions.
const BEFORE: i64 = 102;

/// Orders 1 to 8, as that version kept them: who got it in which second, who lost it in which, and how far it got.
const INSERT_ROWS: &str = "
    INSERT INTO pairs (order_id, zone, given_to, given_at, given_event, taken_from, taken_at, taken_event, progress)
    SELECT lpad(id::text, 32, '0')::uuid, CASE WHEN given_to IS NOT NULL THEN 'S' END,
        lpad(given_to::text, 32, '0')::uuid, '2026-01-01T00:00:00Z'::timestamptz + given_after,
        CASE WHEN given_to IS NOT NULL THEN lpad(id::text || '1', 32, '0')::uuid END,
        lpad(taken_from::text, 32, '0')::uuid, '2026-01-01T00:00:00Z'::timestamptz + taken_after,
        CASE WHEN taken_from IS NOT NULL THEN lpad(id::text || '2', 32, '0')::uuid END, progress
    FROM (VALUES
        (1, NULL, NULL::interval, 1, '20 s'::interval, NULL),
        (2, 1, '10 s', NULL, NULL, NULL),
        (3, 1, '10 s', 1, '20 s', NULL),
        (4, 2, '30 s', 1, '20 s', NULL),
        (5, 1, '10 s', NULL, NULL, 'delivered'),
        (6, 1, '10 s', NULL, NULL, 'picked_up'),
        (7, NULL, NULL, NULL, NULL, 'cancelled'),
        (8, 1, '10 s', NULL, NULL, 'cancelled')
    ) AS row (id, given_to, given_after, taken_from, taken_after, progress)";

/// What is shown: the pairs. The column with the time of the assignment got another name.
async fn pairs(pool: &PgPool, assigned_at: &str) -> Result<Vec<String>> {
    let statement = format!(
        "SELECT concat_ws(' ', order_id, courier_id, zone, status, {assigned_at}) FROM pairs \
         WHERE courier_id IS NOT NULL ORDER BY order_id"
    );
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_all(pool).await?)
}

async fn migrated() -> Result<(UseCases, Vec<String>)> {
    let servers = Servers::from_env()?;
    let earlier = MIGRATIONS.iter().filter(|migration| migration.version <= BEFORE).cloned().collect();
    let pool = database::migrated(&servers, &outbox::with_migrations(&Migrator::with_migrations(earlier))).await?;
    sqlx::query(INSERT_ROWS).execute(&pool).await?;
    let before = pairs(&pool, "given_at").await?;
    outbox::with_migrations(&MIGRATIONS).run(&pool).await?;
    Ok((UseCases::on(pool)?, before))
}

#[tokio::test]
async fn every_pair_is_shown_as_before() -> Result<()> {
    let (world, before) = migrated().await?;
    assert_eq!(before.len(), 5);
    assert_eq!(pairs(&world.pool, "assigned_at").await?, before);
    Ok(())
}

/// Each order hears of something that changes nothing, so that its row is made anew from the changes that were moved.
#[tokio::test]
async fn the_changes_that_were_moved_make_the_same_pairs() -> Result<()> {
    let (world, before) = migrated().await?;
    let stranger = Change::Unassigned(Uuid::from_u128(99).into());
    for number in 1..=8 {
        let news = changed(order(number), stranger, second(40)?, Uuid::from_u128(1))?;
        world.pairs.record(&[news]).await?;
    }
    assert_eq!(pairs(&world.pool, "assigned_at").await?, before);
    Ok(())
}

#[tokio::test]
async fn what_comes_later_finds_the_past() -> Result<()> {
    let (world, _) = migrated().await?;
    let courier = |number| Uuid::from_u128(number).into();
    // The decision that is known comes again, as an event that it had, and one that is older than it.
    let again = changed(order(2), Change::Assigned(courier(7)), second(50)?, Uuid::from_u128(0x21))?;
    let older = changed(order(2), Change::Assigned(courier(7)), second(5)?, Uuid::from_u128(0x29))?;
    let done = changed(order(6), Change::Delivered(Some(courier(1))), second(50)?, Uuid::from_u128(0x69))?;
    let too_late = changed(order(7), Change::Assigned(courier(1)), second(50)?, Uuid::from_u128(0x79))?;
    world.pairs.record(&[again, older, done, too_late]).await?;
    for (number, status) in [(2, OrderStatus::Assigned), (6, OrderStatus::Delivered)] {
        let pair = world.pairs.of_order(order(number)).await?;
        assert_eq!((pair.status, pair.courier_id), (status, courier(1)));
    }
    Ok(())
}

fn order(number: u128) -> OrderId {
    Uuid::from_u128(number).into()
}
