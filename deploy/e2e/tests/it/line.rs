//! Orders that wait: who goes first, and how they are spread over the couriers who are there.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use e2e::{World, events};
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

async fn post(world: &World, priority: u8) -> Result<Uuid> {
    let body = json!({"details": "a", "zone": world.zone, "priority": priority});
    let order = world.orders().post("/orders", &body).await?.expect(201)?;
    assert_eq!(order["priority"], priority);
    Ok(order["orderId"].as_str().context("an id")?.parse()?)
}

/// The orders of the zone that wait, the first in line first. Then Redis, which chooses, has just these in line, too: it is
/// told after the facts, which are what is shown.
async fn line(world: &World, count: usize) -> Result<Vec<Value>> {
    eventually(&format!("{count} orders are to be chosen from"), || async {
        let zone = world.zone(&world.zone).await?;
        Ok(zone.filter(|zone| zone.waiting_order_ids.len() == count).map(drop))
    })
    .await?;
    eventually(&format!("{count} orders are in line"), || async {
        let answer = world.assignments().get(&format!("/zones/{}", world.zone)).await?;
        let zone = if answer.status == 404 { json!({"waiting": []}) } else { answer.expect(200)? };
        let waiting = zone["waiting"].as_array().context("a line")?;
        Ok((waiting.len() == count).then(|| waiting.iter().map(|order| order["orderId"].clone()).collect()))
    })
    .await
}

/// Each free place goes to the front of the line as it is then: who came last may be first.
#[tokio::test]
async fn a_free_place_goes_to_the_most_urgent_then_to_the_oldest() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_limited(1).await?;
    let (mut open, ..) = world.next_order().await?;
    let [old, young] = [post(&world, 3).await?, post(&world, 3).await?];
    let least = post(&world, 0).await?;
    let urgent = post(&world, 9).await?;
    let expected = [urgent, old, young, least];
    assert_eq!(line(&world, 4).await?, expected.map(|order| json!(order)));
    for (place, order) in (1..).zip(expected) {
        assert_eq!(world.decision(order).await?["waiting"]["place"], place);
        assert_eq!(world.decision(order).await?["priority"], [9, 3, 3, 0][place - 1]);
    }
    let mut expected = expected.to_vec();
    while !expected.is_empty() {
        world.publish(&events::step("OrderDelivered", open)).await?;
        open = expected.remove(0);
        assert_eq!(world.assigned(&[open]).await?[&open], courier);
        assert_eq!(line(&world, expected.len()).await?, expected.iter().map(|order| json!(order)).collect::<Vec<_>>());
        if open == old {
            // It overtakes those who wait for longer.
            expected.insert(0, post(&world, 8).await?);
            line(&world, expected.len()).await?;
        }
    }
    world.nothing_dead().await
}

/// Nine wait, and three couriers are there when there is work for them: each gets three, or as many as they take.
#[tokio::test]
async fn what_waits_is_spread_over_the_couriers_who_are_there() -> Result<()> {
    let world = World::new().await?;
    let blocked = world.publish_limited(1).await?;
    let (first, ..) = world.next_order().await?;
    let mut orders = Vec::new();
    for _ in 0..9 {
        orders.push(world.publish_order().await?);
    }
    line(&world, 9).await?;
    // All three are there and full, until each may take more.
    let [small, medium, large] = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()];
    for courier in [small, medium, large] {
        world.publish(&events::limited(courier, &world.zone, 0)).await?;
        world.availability(courier, true).await?;
    }
    line(&world, 9).await?;
    for (courier, capacity) in [(small, 1), (medium, 3), (large, 3)] {
        world.publish(&events::limited(courier, &world.zone, capacity)).await?;
    }
    let most = eventually("all but two are assigned", || async {
        let mut loads: BTreeMap<Uuid, u32> = BTreeMap::new();
        for order in &orders {
            if let Some(by) = world.assignment(*order).await?.and_then(|known| known.courier_id) {
                *loads.entry(by.parse()?).or_default() += 1;
            }
        }
        Ok((loads.values().sum::<u32>() == 7).then_some(loads))
    });
    assert_eq!(most.await?, BTreeMap::from([(small, 1), (medium, 3), (large, 3)]));
    assert_eq!(line(&world, 2).await?, orders[7..].iter().map(|order| json!(order)).collect::<Vec<_>>());

    world.publish(&events::step("OrderDelivered", first)).await?;
    assert_eq!(world.assigned(&orders[7..8]).await?[&orders[7]], blocked);
    world.stands(orders[8], "pending", None).await?;
    world.nothing_dead().await
}

/// Ties go to whoever waited longest since their last assignment, whatever came to an end meanwhile.
#[tokio::test]
async fn equals_take_turns_also_when_orders_end() -> Result<()> {
    let world = World::new().await?;
    let mut turns = Vec::new();
    for number in 1..=3 {
        turns.push(world.publish_courier(number).await?);
    }
    for round in 0..3 {
        for courier in &turns {
            let (order, by, score) = world.next_order().await?;
            assert_eq!((by, score), (*courier, 0), "round {round}");
            world.publish(&events::step("OrderDelivered", order)).await?;
            world.stands(order, "delivered", Some(*courier)).await?;
            world.has_open(*courier, 0).await?;
        }
    }
    // Whoever ends an order is not first for that, and whoever comes new is behind those who wait already.
    let new = world.publish_courier(4).await?;
    for courier in turns.into_iter().chain([new]) {
        let (_, by, score) = world.next_order().await?;
        assert_eq!((by, score), (courier, 0));
    }
    world.nothing_dead().await
}
