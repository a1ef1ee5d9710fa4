//! The event log by days against the real PostgreSQL: what is dropped, what stays, and what a reader sees.

use anyhow::{Context as _, Result};
use assignment_service::{
    facts::{Facts, LogFilter, days_before},
    retention::Retention,
};
use chrono::{Days, NaiveDate, Utc};
use dispatch_contracts::event::Payload;
use runtime::Clock;
use sqlx::PgPool;

use crate::{
    lives::step,
    world::{World, add_courier, add_order, courier_id, order_id},
};

async fn parts(pool: &PgPool) -> Result<Vec<String>> {
    let names = "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                 WHERE inhparent = 'event_log'::regclass AND relname !~ 'until|default' ORDER BY relname";
    Ok(sqlx::query_scalar(names).fetch_all(pool).await?)
}

async fn lines(pool: &PgPool) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM event_log").fetch_one(pool).await?)
}

#[tokio::test]
async fn days_are_made_ahead_once_and_dropped_when_they_are_too_old() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let today = facts.today().await?;
    // The table from before the days ends with today, and yesterday's is no day of its own.
    let [first, second] = [facts.clone(), facts.clone()];
    let (first, second) = tokio::join!(first.make_log_days(today), second.make_log_days(today));
    let mut made = [first?, second?].concat();
    made.sort_unstable();
    let ahead: Vec<NaiveDate> = today.iter_days().skip(1).take(7).collect();
    assert_eq!(made, ahead);
    assert_eq!(facts.make_log_days(today).await?, [], "they are there");
    let names: Vec<String> = ahead.iter().map(|day| day.format("event_log_%Y%m%d").to_string()).collect();
    assert_eq!(parts(&world.pool).await?, names);

    let instance = world.instance();
    add_order(&instance, order_id(), &world.zone).await?;
    assert_eq!(lines(&world.pool).await?, 1);
    assert_eq!(facts.drop_log_before(today).await?, []);
    assert_eq!((lines(&world.pool).await?, facts.log_begins().await?), (1, None));
    let (tomorrow, fourth) = (ahead[0], ahead[3]);
    assert_eq!(facts.drop_log_before(fourth).await?, [today, ahead[0], ahead[1], ahead[2]]);
    assert_eq!((lines(&world.pool).await?, facts.log_begins().await?), (0, Some(fourth)));
    // And what no day was made for is still logged.
    add_order(&instance, order_id(), &world.zone).await?;
    assert_eq!(lines(&world.pool).await?, 1);
    assert_eq!(facts.make_log_days(today).await?, [tomorrow, ahead[1], ahead[2]], "today has lines elsewhere");
    facts.drop_log_before(tomorrow).await?;
    assert_eq!(lines(&world.pool).await?, 0);
    Ok(())
}

#[tokio::test]
async fn an_order_goes_on_rightly_after_its_past_was_dropped_from_the_log() -> Result<()> {
    let world = World::new().await?;
    let (instance, somebody, order) = (world.instance(), courier_id(), order_id());
    add_courier(&instance, somebody, &world.zone, true).await?;
    add_order(&instance, order, &world.zone).await?;
    let (picked_up, delivered) = (step(order, Payload::OrderPickedUp), step(order, Payload::OrderDelivered));
    instance.live(&[&delivered]).await?;
    let facts = Facts::new(world.pool.clone());
    facts.drop_log_before(facts.today().await? + Days::new(1)).await?;
    assert_eq!(lines(&world.pool).await?, 0);
    // Late news, and news that is known although the log has forgotten it.
    instance.live(&[&picked_up, &delivered]).await?;
    let row: (String, Option<uuid::Uuid>) =
        sqlx::query_as("SELECT status, courier_id FROM orders").fetch_one(&world.pool).await?;
    assert_eq!(row, ("delivered".to_owned(), Some(somebody.as_uuid())));
    assert_eq!(lines(&world.pool).await?, 1, "what is known is not logged again");
    Ok(())
}

#[tokio::test]
async fn housekeeping_keeps_what_it_is_told_to() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let (instance, today) = (world.instance(), facts.today().await?);
    // Without the table from before the days; then there is a day for each of these.
    facts.drop_log_before(days_before(today, 0) + Days::new(1)).await?;
    for days in [3, 2, 1] {
        facts.make_log_days(days_before(today, days)).await?;
        add_order(&instance, order_id(), &world.zone).await?;
        sqlx::query("UPDATE event_log SET recorded_at = recorded_at - $1 * interval '1 day' WHERE recorded_at > now() - interval '1 hour'")
            .bind(i64::try_from(days)?)
            .execute(&world.pool)
            .await?;
    }
    for (days, left) in [(None, 3), (Some(3), 3), (Some(2), 2), (Some(0), 0)] {
        Retention::new(facts.clone(), Clock::system(), days).keep().await?;
        assert_eq!(lines(&world.pool).await?, left, "{days:?}");
    }
    let heard = "SELECT count(*) FROM heard_events";
    assert_eq!(sqlx::query_scalar::<_, i64>(heard).fetch_one(&world.pool).await?, 3);
    facts.forget_heard_before(Utc::now() + Days::new(1)).await?;
    assert_eq!(sqlx::query_scalar::<_, i64>(heard).fetch_one(&world.pool).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_reader_who_goes_on_behind_the_last_line_misses_nothing() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let instance = world.instance();
    let orders = [order_id(), order_id(), order_id()];
    add_order(&instance, orders[0], &world.zone).await?;
    // A transaction that has its numbers, and has not committed.
    let mut slow = world.pool.begin().await?;
    sqlx::query(include_str!("../../src/facts/sql/mark_log.sql")).execute(&mut *slow).await?;
    sqlx::query(
        "INSERT INTO event_log (event_id, type, payload, occurred_at) VALUES (gen_random_uuid(), 'T', '{}', now())",
    )
    .execute(&mut *slow)
    .await?;
    add_order(&instance, orders[1], &world.zone).await?;
    let seen = async |after: i64| anyhow::Ok(facts.events(LogFilter::default(), after, 100).await?);
    let first = seen(0).await?;
    assert_eq!(first.len(), 1, "the second order has a greater number than a line that may still come");
    let filter = LogFilter { order_id: Some(orders[1]), courier_id: None };
    assert_eq!(facts.events(filter, 0, 10).await?.len(), 1, "an order's own lines wait for nobody");
    slow.commit().await?;
    let after = first.last().context("a line")?.seq;
    let types: Vec<String> = seen(after).await?.into_iter().map(|line| line.r#type).collect();
    assert_eq!(types, ["T", "AddOrder"]);
    add_order(&instance, orders[2], &world.zone).await?;
    assert_eq!(seen(0).await?.len(), 4);
    Ok(())
}

#[tokio::test]
async fn a_decision_is_logged_with_what_it_was_based_on() -> Result<()> {
    let world = World::new().await?;
    let (instance, first, second, order) = (world.instance(), courier_id(), courier_id(), order_id());
    add_courier(&instance, first, &world.zone, true).await?;
    add_courier(&instance, second, &world.zone, true).await?;
    add_order(&instance, order, &world.zone).await?;
    let facts = Facts::new(world.pool.clone());
    let lines = facts.events(LogFilter { order_id: Some(order), courier_id: None }, 0, 10).await?;
    let types: Vec<&str> = lines.iter().map(|line| line.r#type.as_str()).collect();
    assert_eq!(types, ["AddOrder", "OrderAssigned"]);
    assert_eq!(lines[0].inputs, None);
    let inputs = serde_json::json!({"score": 0, "runnerUp": second, "candidates": 2});
    assert_eq!(lines[1].inputs, Some(inputs));
    Ok(())
}
