//! `replay --verify` finds what differs, and nothing else, against the real PostgreSQL.

use anyhow::Result;
use assignment_service::facts::Facts;
use chrono::{Days, TimeDelta, Utc};
use dispatch_contracts::event::Payload;

use crate::{
    commands::{Told, operate},
    lives::{live, rejection},
    world::{World, add_courier, add_order, courier_id, news, order, order_id, zone},
};

async fn verify(world: &World, more: &[&str]) -> Result<Told> {
    operate(world, &[&["replay", "--verify"], more].concat()).await
}

/// A zone in which everything has happened.
async fn lived_in() -> Result<World> {
    let world = World::new().await?;
    let instance = world.instance();
    let (first, second) = (courier_id(), courier_id());
    add_courier(&instance, first, &world.zone, true).await?;
    for step in
        [Some(Payload::OrderPickedUp as fn(_) -> _), Some(Payload::OrderDelivered), Some(Payload::OrderCancelled), None]
    {
        let order = order_id();
        add_order(&instance, order, &world.zone).await?;
        if let Some(step) = step {
            live(&instance, order, step).await?;
        }
    }
    // Told before its AddOrder, and never heard of besides.
    let (cancelled, heard_of) = (order_id(), order_id());
    live(&instance, cancelled, Payload::OrderCancelled).await?;
    live(&instance, heard_of, Payload::OrderPickedUp).await?;
    instance.add_orders(vec![order(cancelled, &world.zone, 3, TimeDelta::zero())?]).await?;
    let declined = order_id();
    add_order(&instance, declined, &world.zone).await?;
    let (event, rejected) = rejection(declined, first);
    instance.reject(&[(&event, &rejected)]).await?;
    instance.pin(declined, first, true, trace::TraceParent::start()).await??;
    let (late, known) = news(second, &zone("elsewhere")?, false, TimeDelta::days(-1))?;
    add_courier(&instance, second, &world.zone, true).await?;
    instance.add_couriers(&[(&late, &known)]).await?;
    Ok(world)
}

#[tokio::test]
async fn a_log_that_says_what_the_facts_say_is_clean() -> Result<()> {
    let world = lived_in().await?;
    let (code, results, notes) = verify(&world, &[]).await?;
    assert_eq!(
        (code, results.as_str()),
        (Some(0), "the log and the facts say the same: 7 orders, 2 couriers\n"),
        "{notes}"
    );
    let (code, results, _) = verify(&world, &["--after", "couriers:00000000-0000-0000-0000-000000000000"]).await?;
    assert_eq!((code, results.as_str()), (Some(0), "the log and the facts say the same: 0 orders, 2 couriers\n"));
    let (code, _, notes) = verify(&world, &["--after", "there"]).await?;
    assert_eq!((code, notes.as_str()), (Some(1), "assignment-service: --after: \"there\" is not where a run ended\n"));
    Ok(())
}

#[tokio::test]
async fn whatever_is_changed_is_found() -> Result<()> {
    let world = lived_in().await?;
    for (change, found) in [
        ("UPDATE orders SET status = 'cancelled' WHERE status = 'delivered'", "status"),
        ("UPDATE orders SET courier_id = gen_random_uuid() WHERE status = 'picked_up'", "assignment"),
        ("UPDATE orders SET priority = 9 WHERE priority = 3", "description"),
        (
            "UPDATE orders SET latest_at = latest_at + interval '1 second' WHERE status = 'picked_up'",
            "latest happening",
        ),
        ("UPDATE orders SET score = 77 WHERE status = 'picked_up'", "inputs"),
        ("UPDATE orders SET cause = 'other' WHERE cause = 'manual'", "cause"),
        ("DELETE FROM orders WHERE status = 'picked_up'", "existence"),
        ("INSERT INTO orders (order_id, status) VALUES (gen_random_uuid(), 'pending')", "existence"),
        ("DELETE FROM happenings WHERE type = 'OrderPickedUp'", "happenings"),
        ("DELETE FROM declines", "who declined it"),
        (
            "INSERT INTO declines SELECT order_id, gen_random_uuid(), now() FROM orders WHERE status = 'delivered'",
            "who declined it",
        ),
        ("DELETE FROM event_log WHERE type = 'OrderDelivered'", "status"),
        ("DELETE FROM event_log WHERE type = 'AddCourier'", "existence"),
        ("DELETE FROM zones", "zone"),
        ("UPDATE couriers SET zone = 'X'", "zone"),
        ("UPDATE couriers SET is_available = NOT is_available", "availability"),
        ("UPDATE couriers SET capacity = 3", "capacity"),
        ("UPDATE couriers SET version_at = version_at - interval '1 second'", "version"),
    ] {
        // Each is undone again: the command has a connection of its own, so it is done in a copy of the tables.
        let undo = Undo::begin(&world).await?;
        let changed = sqlx::query(change).execute(&world.pool).await?.rows_affected();
        assert!(changed > 0, "{change}");
        let (code, results, notes) = verify(&world, &[]).await?;
        assert_eq!(code, Some(2), "{change}: {results}{notes}");
        assert!(results.contains(&format!(": {found}: the log says ")), "{change}: {results}");
        undo.end(&world).await?;
    }
    assert_eq!(verify(&world, &[]).await?.0, Some(0));
    Ok(())
}

const TABLES: [&str; 6] = ["orders", "couriers", "zones", "happenings", "declines", "event_log"];

/// Copies of the tables.
struct Undo;

impl Undo {
    async fn begin(world: &World) -> Result<Self> {
        for table in TABLES {
            let copy = format!("DROP TABLE IF EXISTS copy_of_{table}; CREATE TABLE copy_of_{table} AS TABLE {table}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(copy)).execute(&world.pool).await?;
        }
        Ok(Self)
    }

    async fn end(self, world: &World) -> Result<()> {
        for table in TABLES {
            let restore = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM copy_of_{table}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(restore)).execute(&world.pool).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn what_is_older_than_the_log_is_passed_over() -> Result<()> {
    let world = lived_in().await?;
    let facts = Facts::new(world.pool.clone());
    facts.drop_log_before(facts.today().await? + Days::new(1)).await?;
    facts.make_log_days(facts.today().await?).await?;
    sqlx::query("UPDATE orders SET first_seen_at = now() - interval '1 day'").execute(&world.pool).await?;
    sqlx::query("UPDATE couriers SET first_seen_at = now() - interval '1 day'").execute(&world.pool).await?;
    let instance = world.instance();
    add_order(&instance, order_id(), &world.zone).await?;
    let (code, results, _) = verify(&world, &[]).await?;
    let expected = "the log and the facts say the same: 8 orders, 2 couriers; 9 of them are older than the log\n";
    assert_eq!((code, results.as_str()), (Some(0), expected));
    // A courier of whom the log has the newest news again is compared again.
    let known: uuid::Uuid =
        sqlx::query_scalar("SELECT courier_id FROM couriers LIMIT 1").fetch_one(&world.pool).await?;
    add_courier(&instance, known.into(), &world.zone, true).await?;
    sqlx::query("UPDATE couriers SET zone = 'X' WHERE courier_id = $1").bind(known).execute(&world.pool).await?;
    assert_eq!(verify(&world, &[]).await?.0, Some(2), "{}", Utc::now());
    Ok(())
}
