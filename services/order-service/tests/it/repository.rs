//! The use cases on a real database.

use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use dispatch_contracts::{id::OrderId, order::OrderStatus, resource::Order};
use futures::future::try_join_all;
use order_service::{
    error::Error,
    orders::{OrderFilter, Position},
};

use crate::support::{UseCases, add_order, creation, order_id};

#[tokio::test]
async fn of_requests_with_one_id_at_one_moment_one_makes_the_order() -> Result<()> {
    let world = UseCases::create().await?;
    let id = order_id();
    let requests = (0..12).map(|_| anyhow::Ok(world.orders.create(creation(Some(id), None)?)));
    let answers = try_join_all(requests.collect::<Result<Vec<_>>>()?).await?;
    assert_eq!(answers.iter().filter(|answer| answer.is_new).count(), 1);
    assert!(answers.iter().all(|answer| answer.order == answers[0].order), "{answers:?}");
    assert_eq!((world.count("orders").await?, world.count("outbox").await?), (1, 1));
    Ok(())
}

#[tokio::test]
async fn an_id_stands_for_one_content() -> Result<()> {
    let world = UseCases::create().await?;
    let id = order_id();
    world.orders.create(creation(Some(id), None)?).await?;
    let mut other = creation(Some(id), None)?;
    other.request.zone = "T".parse()?;
    assert!(matches!(world.orders.create(other).await, Err(Error::OrderConflict)));
    assert_eq!(world.count("outbox").await?, 1);
    Ok(())
}

#[tokio::test]
async fn the_first_order_with_an_id_wins_whichever_way_it_came() -> Result<()> {
    let world = UseCases::create().await?;
    let (ours, theirs) = (order_id(), order_id());
    let made = world.orders.create(creation(Some(ours), None)?).await?.order;
    let news = [
        add_order(theirs, "first", "2026-01-02T00:00:00Z")?,
        add_order(ours, "late", "2026-01-01T00:00:00Z")?,
        add_order(theirs, "second", "2026-01-01T00:00:00Z")?,
    ];
    world.orders.record_added(&news).await?;
    world.orders.record_added(&news[2..]).await?;
    assert_eq!(world.orders.get(ours).await?, made);
    assert_eq!(world.orders.get(theirs).await?.details.as_str(), "first");
    assert_eq!(world.count("outbox").await?, 1, "what others made is not published again");
    Ok(())
}

#[tokio::test]
async fn batches_in_opposite_orders_do_not_deadlock() -> Result<()> {
    let world = UseCases::create().await?;
    let news = (0..50).map(|_| add_order(order_id(), "Buy", "2026-01-01T00:00:00Z")).collect::<Result<Vec<_>>>()?;
    let backwards: Vec<_> = news.iter().rev().cloned().collect();
    let batches = (0..10).map(|n| world.orders.record_added(if n % 2 == 0 { &news } else { &backwards }));
    try_join_all(batches).await?;
    assert_eq!(world.count("orders").await?, 50);
    Ok(())
}

/// Pages of two, from a place on; each page begins behind the one before.
async fn pages(world: &UseCases, filter: &OrderFilter, mut after: Option<Position>) -> Result<Vec<OrderId>> {
    let mut all = Vec::new();
    for _ in 0..20 {
        let page = world.orders.list(filter, after.as_ref(), 2).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(Position::from(last));
        all.extend(page.iter().map(|order| order.order_id));
    }
    anyhow::bail!("the pages do not end: {all:?}")
}

#[tokio::test]
async fn pages_are_newest_first_and_do_not_shift_when_orders_are_added() -> Result<()> {
    let world = UseCases::create().await?;
    let mut made: Vec<Order> = Vec::new();
    for second in [0, 1, 0, 0, 2] {
        world.pass(TimeDelta::seconds(second));
        made.push(world.orders.create(creation(None, None)?).await?.order);
    }
    // Those of one moment are told apart by their ids.
    made.sort_by_key(|order| std::cmp::Reverse((order.added_at, order.order_id)));
    let expected: Vec<_> = made.iter().map(|order| order.order_id).collect();
    assert_eq!(pages(&world, &OrderFilter::default(), None).await?, expected);

    let first = world.orders.list(&OrderFilter::default(), None, 2).await?;
    world.pass(TimeDelta::seconds(1));
    world.orders.create(creation(None, None)?).await?;
    let place = Position::from(first.last().context("a page")?);
    assert_eq!(pages(&world, &OrderFilter::default(), Some(place)).await?, expected[2..]);
    Ok(())
}

#[tokio::test]
async fn filters_narrow_the_list() -> Result<()> {
    let world = UseCases::create().await?;
    let here = world.orders.create(creation(None, None)?).await?.order;
    let mut elsewhere = creation(None, None)?;
    elsewhere.request.zone = "T".parse()?;
    let there = world.orders.create(elsewhere).await?.order;
    let ids = async |zone: Option<&str>, status| {
        let filter = OrderFilter { zone: zone.map(str::parse).transpose()?, status };
        pages(&world, &filter, None).await
    };
    assert_eq!(ids(Some("S"), None).await?, [here.order_id]);
    assert_eq!(ids(Some("T"), Some(OrderStatus::Pending)).await?, [there.order_id]);
    assert_eq!(ids(None, Some(OrderStatus::Pending)).await?.len(), 2);
    assert!(ids(Some("S"), Some(OrderStatus::Assigned)).await?.is_empty());
    assert!(ids(Some("U"), None).await?.is_empty());
    Ok(())
}

/// What is promised of a page's cost: the list is read from an index in its order, never sorted.
#[tokio::test]
async fn each_combination_of_filters_has_an_index_in_the_order_of_the_list() -> Result<()> {
    let world = UseCases::create().await?;
    for (filter, index) in [
        ("", "orders_newest"),
        ("AND zone = 'S'", "orders_zone_newest"),
        ("AND status = 'pending'", "orders_status_newest"),
        ("AND zone = 'S' AND status = 'pending'", "orders_zone_status_newest"),
    ] {
        let mut transaction = world.pool.begin().await?;
        // The table is too small for an index to pay; what matters is which would do.
        sqlx::query("SET LOCAL enable_seqscan = off").execute(&mut *transaction).await?;
        sqlx::query("SET LOCAL enable_bitmapscan = off").execute(&mut *transaction).await?;
        sqlx::query("SET LOCAL enable_sort = off").execute(&mut *transaction).await?;
        let statement = format!(
            "EXPLAIN SELECT order_id FROM orders WHERE added_at IS NOT NULL {filter} \
             ORDER BY added_at DESC, order_id DESC LIMIT 20"
        );
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_all(&mut *transaction).await?;
        let plan = plan.join("\n");
        assert!(plan.contains(&format!("{index} ")) && !plan.contains("Sort"), "{filter}: {plan}");
    }
    Ok(())
}
