//! Other ways to choose: `SELECTION=ratio`, and at most so many assignments in a while.

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use e2e::{Cell, World, cell::Processes, events};
use test_support::eventually;
use uuid::Uuid;

const WINDOW: TimeDelta = TimeDelta::seconds(8);
const MOST: usize = 6;
const SETTINGS: [(&str, &str); 3] =
    [("SELECTION", "ratio"), ("MAX_ASSIGNMENTS_PER_WINDOW", "6"), ("WINDOW_SECONDS", "8")];

/// One system for both, since starting one costs seconds.
#[tokio::test]
async fn a_share_of_the_capacity_decides_and_nobody_gets_too_much_in_a_while() -> Result<()> {
    let cell = Cell::new().await?;
    let processes = cell.start_all_with(&SETTINGS).await?;
    tokio::try_join!(
        the_smallest_share_goes_first(&cell, &processes),
        without_a_limit_there_is_no_share(&cell, &processes),
        alone_they_rest(&cell, &processes),
        the_others_take_the_rest(&cell, &processes),
    )?;
    cell.quiet().await?;
    let Processes { order, courier, assignment } = processes;
    tokio::try_join!(order.stop(), courier.stop(), assignment.stop())?;
    Ok(())
}

/// By the number of orders they would take turns until the small one is full.
async fn the_smallest_share_goes_first(cell: &Cell, processes: &Processes) -> Result<()> {
    let world = processes.world(cell).await?;
    let [small, large] = [world.publish_limited(2).await?, world.publish_limited(10).await?];
    // Redis, which chooses, is told after what is shown of a courier.
    world.available(2).await?;
    // Shares before: 0 0, then 1/2 0, 1/2 1/10, ... 1/2 5/10: of the tie the small one gets it, who has waited longer.
    let turns = [(small, 0), (large, 0), (large, 1), (large, 2), (large, 3), (large, 4), (small, 1)];
    for (turn, expected) in turns.iter().enumerate() {
        let (_, by, score) = world.next_order().await?;
        assert_eq!((by, score), *expected, "turn {turn}; the score is the number of orders, also here");
    }
    world.has_open(small, 2).await?;
    world.has_open(large, 5).await
}

/// Whoever has a limit has a share as soon as they have an order.
async fn without_a_limit_there_is_no_share(cell: &Cell, processes: &Processes) -> Result<()> {
    let world = processes.world(cell).await?;
    let limited = world.publish_limited(1_000).await?;
    let unlimited = world.publish_courier(2).await?;
    for expected in [(limited, 0), (unlimited, 0), (unlimited, 1), (unlimited, 2)] {
        let (_, by, score) = world.next_order().await?;
        assert_eq!((by, score), expected);
    }
    Ok(())
}

async fn assigned_at(world: &World, order: Uuid) -> Result<DateTime<Utc>> {
    Ok(world.decision(order).await?["assignedAt"].as_str().context("a time")?.parse()?)
}

/// What is one too many waits until the window has passed, without further news; deliveries do not shorten it.
async fn alone_they_rest(cell: &Cell, processes: &Processes) -> Result<()> {
    let world = processes.world(cell).await?;
    let courier = world.publish_courier(1).await?;
    let orders = events::ids(MOST + 2);
    let bodies: Vec<String> = orders.iter().map(|order| events::order(*order, &world.zone).to_string()).collect();
    world.bus.publish_all(&world.topics.events, &bodies[..MOST]).await?;
    world.assigned(&orders[..MOST]).await?;
    for order in &orders[..MOST] {
        world.publish(&events::step("OrderDelivered", *order)).await?;
    }
    world.has_open(courier, 0).await?;
    let mut first = DateTime::<Utc>::MAX_UTC;
    for order in &orders[..MOST] {
        first = first.min(assigned_at(&world, *order).await?);
    }
    world.bus.publish_all(&world.topics.events, &bodies[MOST..]).await?;
    says_why_it_waits(&world, orders[MOST], first + WINDOW).await?;
    let assigned = world.assigned(&orders[MOST..]).await?;
    assert!(assigned.values().all(|by| *by == courier), "{assigned:?}");
    obeys_the_window(&world, &orders).await
}

/// Nobody who could take it before `over` is there, so it is not about to be given to anybody. That may have passed before it
/// is looked at, on a machine that is slower than the window.
async fn says_why_it_waits(world: &World, order: Uuid, over: DateTime<Utc>) -> Result<()> {
    let decision = eventually("the order is heard of", || async {
        let answer = world.assignments().get(&format!("/orders/{order}/decision")).await?;
        if answer.status == 404 { Ok(None) } else { answer.expect(200).map(Some) }
    });
    let waiting = decision.await?["waiting"].clone();
    let passed = waiting.is_null() || Utc::now() >= over;
    ensure!(passed || waiting["reason"] != "being-assigned", "everybody has had enough for now: {waiting}");
    Ok(())
}

/// Demands that of these orders of one courier no more were assigned in any window than it allows.
async fn obeys_the_window(world: &World, orders: &[Uuid]) -> Result<()> {
    let mut times = Vec::new();
    for order in orders {
        times.push(assigned_at(world, *order).await?);
    }
    times.sort_unstable();
    for (earlier, later) in times.iter().zip(times.iter().skip(MOST)) {
        // The window counts in whole milliseconds.
        ensure!(
            *later - *earlier >= WINDOW - TimeDelta::milliseconds(1),
            "more than {MOST} within {WINDOW}: {times:?}"
        );
    }
    Ok(())
}

/// With somebody else there nobody waits: they take what the first may not.
async fn the_others_take_the_rest(cell: &Cell, processes: &Processes) -> Result<()> {
    let world = processes.world(cell).await?;
    let unlimited = world.publish_courier(1).await?;
    let other = world.publish_limited(100).await?;
    world.available(2).await?;
    for expected in [unlimited, other] {
        assert_eq!(world.next_order().await?.1, expected);
    }
    // Any number of orders is no share of no limit, so that all of these would be the one's.
    let orders = events::ids(2 * MOST);
    let bodies: Vec<String> = orders.iter().map(|order| events::order(*order, &world.zone).to_string()).collect();
    world.bus.publish_all(&world.topics.events, &bodies).await?;
    let assigned = world.assigned(&orders).await?;
    let theirs: Vec<Uuid> = assigned.iter().filter(|(_, by)| **by == unlimited).map(|(order, _)| *order).collect();
    assert!(theirs.len() >= MOST - 1, "{assigned:?}");
    obeys_the_window(&world, &theirs).await
}
