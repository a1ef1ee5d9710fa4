//! Couriers who leave with open orders, and declines that age: a system with `ON_LEAVE=reassign` and short times.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use e2e::{Cell, Inbox, World, cell::Processes, events};
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

const GRACE: TimeDelta = TimeDelta::seconds(3);
const DECLINE_TTL: TimeDelta = TimeDelta::seconds(3);
const SETTINGS: [(&str, &str); 3] =
    [("ON_LEAVE", "reassign"), ("LEAVE_GRACE_SECONDS", "3"), ("DECLINE_TTL_SECONDS", "3")];

/// One system for all of it, since starting one costs seconds; each has a zone of its own in it, all at the same time.
#[tokio::test]
async fn what_couriers_leave_behind_and_what_they_declined_goes_on_after_a_while() -> Result<()> {
    let cell = Cell::new().await?;
    let processes = cell.start_all_with(&SETTINGS).await?;
    refusals_are_counted(&cell, &processes).await?;
    tokio::try_join!(
        leaves_for_good(&cell, &processes),
        leaves_and_nobody_else_is_there(&cell, &processes),
        comes_back_in_time(&cell, &processes),
        declined_by_the_only_one(&cell, &processes),
        declined_by_both(&cell, &processes),
    )?;
    cell.quiet().await?;
    let Processes { order, courier, assignment } = processes;
    tokio::try_join!(order.stop(), courier.stop(), assignment.stop())?;
    Ok(())
}

/// Here and not in the shared system, where others are refused, too: each service counts each refusal once, by type and
/// reason, and a repetition is none.
async fn refusals_are_counted(cell: &Cell, processes: &Processes) -> Result<()> {
    let world = processes.world(cell).await?;
    let [_, other] = [world.publish_courier(1).await?, world.publish_courier(2).await?];
    let (order, ..) = world.next_order().await?;
    let mut event = events::step_by("OrderPickedUp", order, other);
    event["eventId"] = json!(Uuid::new_v4());
    for _ in 0..3 {
        world.publish(&event).await?;
        cell.quiet().await?;
    }
    world.publish(&events::step("OrderCancelled", order)).await?;
    cell.quiet().await?;
    world.publish(&events::step("OrderDelivered", order)).await?;
    cell.quiet().await?;
    for (labels, expected) in [
        (["type=\"OrderPickedUp\"", "reason=\"somebody-else\""], 1),
        (["type=\"OrderPickedUp\"", "reason=\"impossible\""], 0),
        (["type=\"OrderDelivered\"", "reason=\"impossible\""], 1),
        (["type=\"OrderCancelled\"", "reason="], 0),
    ] {
        let mut counted = Vec::new();
        for service in [&world.system.order, &world.system.courier, &world.system.assignment] {
            counted.push(world.counted(service, "dispatch_events_refused_total", &labels).await?);
        }
        assert_eq!(counted, [expected; 3], "{labels:?}, by order-, courier- and assignment-service");
    }
    Ok(())
}

async fn says(world: &World, courier: Uuid, is_available: bool) -> Result<()> {
    world.publish(&events::courier(courier, &world.zone, is_available)).await?;
    world.availability(courier, is_available).await
}

/// When a decision of this type about an order, with this courier, was made, as it was published.
async fn at(decisions: &Inbox, kind: &str, order: Uuid, courier: Uuid, nth: usize) -> Result<DateTime<Utc>> {
    let is_it = |event: &Value| event["type"] == kind && event["courierId"] == json!(courier);
    let all = decisions.until("the decision", |all| {
        all.iter().filter(|come| come.order() == Some(order) && is_it(&come.event)).count() > nth
    });
    let all = all.await?;
    let ours = all.iter().filter(|come| come.order() == Some(order) && is_it(&come.event));
    let mut times: Vec<_> = ours.filter_map(|come| events::occurred_at(&come.event)).collect();
    times.sort_unstable();
    times.get(nth).copied().context("a time")
}

/// Of their two orders the one that is not picked up goes to who stays, once, and not before the grace is over.
async fn leaves_for_good(cell: &Cell, processes: &Processes) -> Result<()> {
    let world = processes.world(cell).await?;
    let decisions = world.decisions().await?;
    let leaves = world.publish_courier(1).await?;
    let [picked_up, assigned] = [world.next_order().await?.0, world.next_order().await?.0];
    world.publish(&events::step("OrderPickedUp", picked_up)).await?;
    world.stands(picked_up, "picked_up", Some(leaves)).await?;
    let stays = world.publish_courier(2).await?;
    let left = Utc::now();
    says(&world, leaves, false).await?;

    world.stands(assigned, "assigned", Some(stays)).await?;
    let taken = at(&decisions, "OrderUnassigned", assigned, leaves, 0).await?;
    ensure!(taken - left >= GRACE, "left at {left}, and the order was taken at {taken}");
    world.stands(picked_up, "picked_up", Some(leaves)).await?;
    world.has_open(leaves, 1).await?;
    world.has_open(stays, 1).await?;
    let pairs = world.couriers().list(&format!("/couriers/{leaves}/orders?limit=100")).await?;
    let pairs: Vec<_> = pairs.iter().map(|pair| &pair["orderId"]).collect();
    assert_eq!(pairs, [&json!(picked_up)], "the other one is not theirs any more");
    let expected = [
        json!(["OrderAssigned", leaves, null]),
        json!(["OrderUnassigned", leaves, "courier-left"]),
        json!(["OrderAssigned", stays, null]),
    ];
    assert_eq!(decisions.decisions_about(assigned, 3).await?, expected);

    // They come back with the order that they still have, and may be asked for the other one, too.
    says(&world, leaves, true).await?;
    world.publish(&events::step("OrderDelivered", picked_up)).await?;
    world.stands(picked_up, "delivered", Some(leaves)).await?;
    // Redis, which chooses, is told after that; and then the message is deleted.
    cell.events.drained().await?;
    let (_, by, score) = world.next_order().await?;
    assert_eq!((by, score), (leaves, 0));
    assert_eq!(decisions.decisions_about(picked_up, 1).await?.len(), 1);
    Ok(())
}

/// The order waits, and whoever comes gets it: here it is who left.
async fn leaves_and_nobody_else_is_there(cell: &Cell, processes: &Processes) -> Result<()> {
    let world = processes.world(cell).await?;
    let leaves = world.publish_courier(1).await?;
    let (order, ..) = world.next_order().await?;
    says(&world, leaves, false).await?;
    world.stands(order, "pending", None).await?;
    assert_eq!(world.decision(order).await?["waiting"]["reason"], "nobody-available");
    world.has_open(leaves, 0).await?;
    says(&world, leaves, true).await?;
    world.stands(order, "assigned", Some(leaves)).await?;
    assert_eq!(world.decision(order).await?["score"], 0);
    Ok(())
}

/// Whoever is back before the grace is over keeps their orders. A busy machine may take longer for it than the grace is:
/// then it is tried anew.
async fn comes_back_in_time(cell: &Cell, processes: &Processes) -> Result<()> {
    let world = processes.world(cell).await?;
    let decisions = world.decisions().await?;
    for _ in 0..20 {
        let courier = world.publish_courier(1).await?;
        let (order, ..) = world.next_order().await?;
        let left = Instant::now();
        says(&world, courier, false).await?;
        says(&world, courier, true).await?;
        let in_time = left.elapsed() < Duration::from_secs(2);
        // Somebody leaves after them, so that whoever left before has been looked at when these orders are taken.
        let witness = processes.world(cell).await?;
        let leaves = witness.publish_courier(1).await?;
        let (taken, ..) = witness.next_order().await?;
        says(&witness, leaves, false).await?;
        witness.stands(taken, "pending", None).await?;
        if in_time {
            world.stands(order, "assigned", Some(courier)).await?;
            assert_eq!(decisions.decisions_about(order, 1).await?, [json!(["OrderAssigned", courier, null])]);
            return Ok(());
        }
        world.publish(&events::courier(courier, &world.zone, false)).await?;
        world.available(0).await?;
    }
    anyhow::bail!("the machine is too slow: nobody ever came back in time")
}

async fn declined_by_the_only_one(cell: &Cell, processes: &Processes) -> Result<()> {
    let world = processes.world(cell).await?;
    let decisions = world.decisions().await?;
    let courier = world.publish_courier(1).await?;
    let (order, ..) = world.next_order().await?;
    world.publish(&events::step_by("OrderRejected", order, courier)).await?;
    let declined = at(&decisions, "OrderUnassigned", order, courier, 0).await?;
    // Nobody else comes, and nothing happens: they are asked again all the same.
    let again = at(&decisions, "OrderAssigned", order, courier, 1).await?;
    ensure!(again - declined >= DECLINE_TTL, "declined at {declined}, asked again at {again}");
    world.stands(order, "assigned", Some(courier)).await?;
    world.has_open(courier, 1).await
}

/// When both have declined, the one who did so first is asked again first, although they have more to do.
async fn declined_by_both(cell: &Cell, processes: &Processes) -> Result<()> {
    let world = processes.world(cell).await?;
    let decisions = world.decisions().await?;
    let [first, second] = [world.publish_courier(1).await?, world.publish_courier(2).await?];
    let (order, by, _) = world.next_order().await?;
    assert_eq!(by, first);
    world.publish(&events::step_by("OrderRejected", order, first)).await?;
    let declined = at(&decisions, "OrderUnassigned", order, first, 0).await?;
    at(&decisions, "OrderAssigned", order, second, 0).await?;
    world.publish(&events::step_by("OrderRejected", order, second)).await?;
    at(&decisions, "OrderUnassigned", order, second, 0).await?;
    let again = at(&decisions, "OrderAssigned", order, first, 1).await?;
    ensure!(again - declined >= DECLINE_TTL, "declined at {declined}, asked again at {again}");
    world.stands(order, "assigned", Some(first)).await?;
    assert_eq!(decisions.decisions_about(order, 5).await?.len(), 5);
    Ok(())
}
