//! Couriers who take only so many orders at once.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use e2e::{World, events};
use futures::future::try_join_all;
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

/// Changes how many orders a courier takes, over REST, and waits until assignment-service knows.
async fn limit(world: &World, courier: Uuid, capacity: Option<u32>) -> Result<()> {
    world.registered(courier).await?;
    let body = json!({"name": "a", "zone": world.zone, "isAvailable": true, "capacity": capacity});
    let shown = world.couriers().put(&format!("/couriers/{courier}"), &body).await?.expect(202)?;
    assert_eq!(shown["capacity"], json!(capacity));
    eventually(&format!("{courier} takes {capacity:?}"), || async {
        let zone = world.assignments().get(&format!("/zones/{}", world.zone)).await?.expect(200)?;
        let couriers = zone["couriers"].as_array().context("couriers")?;
        let known = couriers.iter().find(|known| known["courierId"] == json!(courier)).context("the courier")?;
        Ok((known["capacity"] == json!(capacity)).then_some(()))
    })
    .await
}

async fn done(world: &World, order: Uuid) -> Result<()> {
    world.publish(&events::step("OrderDelivered", order)).await
}

/// Why an order waits: the reason, and how many couriers are there, are full and declined it.
async fn why(world: &World, order: Uuid) -> Result<Value> {
    let decision = world.decision(order).await?;
    let waiting = &decision["waiting"];
    let number = |name: &str| waiting[name].clone();
    Ok(json!([waiting["reason"], number("availableCouriers"), number("fullCouriers"), number("declinedCouriers")]))
}

#[tokio::test]
async fn a_full_courier_gets_nothing_and_a_free_place_is_filled_from_the_line() -> Result<()> {
    let world = World::new().await?;
    let [small, large] = [world.publish_limited(1).await?, world.publish_limited(3).await?];
    let orders = events::ids(7);
    let mut held: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (number, order) in orders.iter().enumerate() {
        world.publish(&events::order(*order, &world.zone)).await?;
        if number < 4 {
            held.entry(world.assigned(&[*order]).await?[order]).or_default().push(*order);
        } else {
            world.waits(*order).await?;
        }
    }
    assert_eq!((held[&small].len(), held[&large].len()), (1, 3));
    for (place, order) in (1..).zip(&orders[4..]) {
        assert_eq!(why(&world, *order).await?, json!(["everybody-full", 2, 2, 0]));
        assert_eq!(world.decision(*order).await?["waiting"]["place"], place);
        world.stands(*order, "pending", None).await?;
    }

    // Whoever delivers gets the front of the line, by a score that does not count what is delivered.
    for (courier, order, expected) in [(small, orders[4], 0), (large, orders[5], 2), (small, orders[6], 0)] {
        let delivered = held.get_mut(&courier).and_then(Vec::pop).context("an order")?;
        done(&world, delivered).await?;
        assert_eq!(world.assigned(&[order]).await?[&order], courier);
        assert_eq!(world.decision(order).await?["score"], expected);
        held.entry(courier).or_default().push(order);
        world.stands(delivered, "delivered", Some(courier)).await?;
    }
    assert_eq!(world.load(small).await?.map(|load| load.open_orders), Some(1));
    assert_eq!(world.load(large).await?.map(|load| load.open_orders), Some(3));
    world.nothing_dead().await
}

#[tokio::test]
async fn less_than_one_has_takes_nothing_away_and_more_is_filled_at_once() -> Result<()> {
    let world = World::new().await?;
    let decisions = world.decisions().await?;
    let courier = world.publish_limited(3).await?;
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(world.next_order().await?.0);
    }
    limit(&world, courier, Some(1)).await?;
    let waiting = [world.publish_order().await?, world.publish_order().await?, world.publish_order().await?];
    for order in waiting {
        world.waits(order).await?;
    }
    for order in &orders {
        world.stands(*order, "assigned", Some(courier)).await?;
    }
    // 3, 2 and 1 are too many for one more.
    for (order, left) in orders[..2].iter().zip([2, 1]) {
        done(&world, *order).await?;
        world.has_open(courier, left).await?;
        assert_eq!(why(&world, waiting[0]).await?, json!(["everybody-full", 1, 1, 0]));
    }
    done(&world, orders[2]).await?;
    assert_eq!(world.assigned(&waiting[..1]).await?[&waiting[0]], courier);
    world.waits(waiting[1]).await?;

    limit(&world, courier, Some(2)).await?;
    assert_eq!(world.assigned(&waiting[1..2]).await?[&waiting[1]], courier);
    world.waits(waiting[2]).await?;
    limit(&world, courier, None).await?;
    assert_eq!(world.assigned(&waiting[2..]).await?[&waiting[2]], courier);
    world.has_open(courier, 3).await?;

    // Nobody lost anything on the way: there was one decision about each.
    let published = decisions.until_orders("all decisions", &[orders, waiting.to_vec()].concat()).await?;
    assert!(published.values().all(|decisions| decisions.len() == 1), "{published:?}");
    world.nothing_dead().await
}

#[tokio::test]
async fn whoever_takes_no_orders_gets_none() -> Result<()> {
    let world = World::new().await?;
    let none = world.publish_limited(0).await?;
    let order = world.publish_order().await?;
    world.waits(order).await?;
    assert_eq!(why(&world, order).await?, json!(["everybody-full", 1, 1, 0]));
    let courier = world.publish_limited(1).await?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    limit(&world, none, Some(1)).await?;
    let (_, by, score) = world.next_order().await?;
    assert_eq!((by, score), (none, 0));
    world.nothing_dead().await
}

/// Sixty orders for fifteen places: never is one courier given more than they take, whoever asks and however fast.
#[tokio::test]
async fn nobody_is_given_more_than_they_take_under_load() -> Result<()> {
    const CAPACITY: u32 = 3;
    let world = World::new().await?;
    let couriers = try_join_all((0..5).map(|_| world.publish_limited(CAPACITY))).await?;
    let orders = events::ids(60);
    let bodies: Vec<String> = orders.iter().map(|order| events::order(*order, &world.zone).to_string()).collect();
    world.bus.publish_all(&world.topics.events, &bodies).await?;
    let mut open = orders.clone();
    while !open.is_empty() {
        let full = open.len().min(couriers.len() * CAPACITY as usize);
        let with_somebody = eventually("all places are taken", || async {
            let mut assigned = Vec::new();
            for order in &open {
                assigned.extend(world.assignment(*order).await?.filter(|known| known.courier_id.is_some()));
            }
            Ok((assigned.len() >= full).then_some(assigned))
        })
        .await?;
        let mut loads: BTreeMap<String, u32> = BTreeMap::new();
        for assignment in &with_somebody {
            *loads.entry(assignment.courier_id().to_owned()).or_default() += 1;
        }
        assert!(loads.values().all(|load| *load <= CAPACITY), "{loads:?}");
        assert_eq!(with_somebody.len(), full);
        let delivered = with_somebody.iter().map(|known| Ok(known.order_id.parse()?)).collect::<Result<Vec<Uuid>>>()?;
        let twice = delivered.iter().chain(&delivered).map(|order| events::step("OrderDelivered", *order).to_string());
        world.bus.publish_all(&world.topics.events, &twice.collect::<Vec<_>>()).await?;
        open.retain(|order| !delivered.contains(order));
    }
    for courier in couriers {
        world.has_open(courier, 0).await?;
    }
    world.redis_is_told().await?;
    assert_eq!(world.next_order().await?.2, 0);
    world.nothing_dead().await
}
