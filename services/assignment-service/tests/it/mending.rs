//! What a crash between any two steps, a late message, and Redis' forgetting leave behind, against the real stores: it is mended.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use assignment_service::{
    domain::settlement::Update,
    facts::{Deciding, Facts},
};
use chrono::{TimeDelta, Utc};
use dispatch_contracts::{
    event::{OrderStep, Payload},
    id::{CourierId, OrderId},
};
use messaging::Outbox;
use runtime::Ids;
use test_support::eventually;
use tokio_util::sync::CancellationToken;

use crate::{
    lives::{is_with, limited, live, rejection, step},
    world::{World, add_courier, add_order, courier_id, incoming, news, order, order_id, zone},
};

#[tokio::test]
async fn a_confirmation_that_comes_after_the_delivery_brings_nothing_back() -> Result<()> {
    let world = World::new().await?;
    let (instance, somebody, done) = (world.instance(), courier_id(), order_id());
    add_courier(&instance, somebody, &world.zone, true).await?;
    let new = order(done, &world.zone, 0, TimeDelta::zero())?;
    instance.add_orders(vec![new.clone()]).await?;
    live(&instance, done, Payload::OrderDelivered).await?;
    // The same message again, and a process that was held up since it had committed the assignment.
    instance.add_orders(vec![new]).await?;
    let confirm = Update::Confirm { zone: world.zone.clone(), order_id: done, courier_id: somebody };
    world.choice.update(&[confirm], Utc::now()).await?;
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(somebody, 0)]));
    assert_eq!(world.held(&world.zone).await?, BTreeMap::new());
    Ok(())
}

#[tokio::test]
async fn a_rejection_whose_process_died_before_redis_heard_of_it_is_made_good_by_its_repetition() -> Result<()> {
    let world = World::new().await?;
    let (instance, declines, order) = (world.instance(), courier_id(), order_id());
    add_courier(&instance, declines, &world.zone, true).await?;
    add_order(&instance, order, &world.zone).await?;
    let (event, rejected) = rejection(order, declines);
    let (outbox, ids, now) = (Outbox::new("topic".to_owned()), Ids::random(), Utc::now());
    let with = Deciding { outbox: &outbox, ids: &ids, now };
    Facts::new(world.pool.clone()).reject(&[(&event, &rejected)], with).await?;
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(declines, 1)]));
    instance.reject(&[(&event, &rejected)]).await?;
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(declines, 0)]));
    assert_eq!(world.size(&world.zone, "pending").await?, 1);
    Ok(())
}

#[tokio::test]
async fn what_was_taken_back_by_a_process_that_died_is_put_in_line_by_the_sweep() -> Result<()> {
    let world = World::new().await?;
    let (instance, leaves, takes, order) = (world.instance(), courier_id(), courier_id(), order_id());
    add_courier(&instance, leaves, &world.zone, true).await?;
    add_order(&instance, order, &world.zone).await?;
    add_courier(&instance, leaves, &world.zone, false).await?;
    add_courier(&instance, takes, &world.zone, true).await?;
    let (outbox, ids, now) = (Outbox::new("topic".to_owned()), Ids::random(), Utc::now());
    let with = Deciding { outbox: &outbox, ids: &ids, now };
    let updates = Facts::new(world.pool.clone()).take_back_left_behind(now, 10, with).await?;
    assert_eq!(updates.len(), 1, "and nobody tells Redis");
    instance.sweep(Duration::from_secs(60), &CancellationToken::new()).await?;
    is_with(&world, order, takes).await
}

#[tokio::test]
async fn nobody_is_over_capacity_although_redis_forgets_again_and_again() -> Result<()> {
    let world = World::new().await?;
    let instances = [world.instance(), world.instance()];
    let couriers = [courier_id(), courier_id()];
    for courier in couriers {
        limited(&instances[0], &world, courier, 3).await?;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let instance = instances[number % 2].clone();
        let new = order(order_id(), &world.zone, 0, TimeDelta::zero())?;
        tasks.spawn(async move { instance.add_orders(vec![new]).await });
        if number % 3 == 0 {
            world.wipe(&world.zone).await?;
        }
    }
    for done in tasks.join_all().await {
        done?;
    }
    eventually("both are full", || async { Ok((world.assigned().await?.len() == 6).then_some(())) }).await?;
    instances[0].sweep(Duration::ZERO, &CancellationToken::new()).await?;
    let mut open: BTreeMap<CourierId, u32> = BTreeMap::new();
    for courier in world.assigned().await?.into_values() {
        *open.entry(courier).or_default() += 1;
    }
    assert_eq!(open, couriers.into_iter().map(|courier| (courier, 3)).collect());
    Ok(())
}

#[tokio::test]
async fn reconciling_mends_whatever_redis_has_wrong_and_nothing_else() -> Result<()> {
    let world = World::new().await?;
    let (instance, first, second) = (world.instance(), courier_id(), courier_id());
    let orders: Vec<OrderId> = (0..6).map(|_| order_id()).collect();
    add_courier(&instance, first, &world.zone, true).await?;
    for order in &orders[..4] {
        add_order(&instance, *order, &world.zone).await?;
    }
    live(&instance, orders[0], Payload::OrderDelivered).await?;
    live(&instance, orders[1], Payload::OrderDelivered).await?;
    limited(&instance, &world, first, 2).await?;
    add_order(&instance, orders[4], &world.zone).await?;
    // A ghost that was delivered, one that nobody has heard of, one lost, one with somebody else, a courier unseen.
    let other = courier_id();
    for (order, courier) in [(orders[0], first), (orders[5], first), (orders[3], other)] {
        world.command(&["HSET", "orders", &order.to_string(), &courier.to_string()]).await?;
    }
    world.command(&["HDEL", "orders", &orders[2].to_string()]).await?;
    world.command(&["ZADD", "pending", "1", &orders[1].to_string()]).await?;
    // As many as entries name them: scripts never change one without the other.
    world.command(&["HSET", "open", &first.to_string(), "2", &other.to_string(), "1"]).await?;
    add_courier(&instance, second, &world.zone, false).await?;
    world.command(&["HDEL", "courier", &second.to_string()]).await?;

    for _ in 0..2 {
        instance.reconcile().await?;
        assert_eq!(world.held(&world.zone).await?, world.assigned().await?);
        assert_eq!(world.size(&world.zone, "pending").await?, 1, "the fifth waits");
        assert_eq!(world.size(&world.zone, "open").await?, 1);
        assert_eq!(world.scores(&world.zone).await?, BTreeMap::new(), "the first is full with two");
    }
    live(&instance, orders[2], Payload::OrderDelivered).await?;
    is_with(&world, orders[4], first).await
}

#[tokio::test]
async fn a_late_event_that_is_told_again_leaves_nothing_behind_in_redis() -> Result<()> {
    let world = World::new().await?;
    let (instance, elsewhere, somebody) = (world.instance(), zone("elsewhere")?, courier_id());
    let (cancelled, carried) = (order_id(), order_id());
    // Made before the assignment, and heard of after it.
    let late = incoming(Utc::now(), Payload::OrderCancelled(OrderStep { order_id: cancelled, courier_id: None }));
    add_courier(&instance, somebody, &world.zone, true).await?;
    add_order(&instance, cancelled, &world.zone).await?;
    add_order(&instance, carried, &world.zone).await?;
    add_courier(&instance, somebody, &elsewhere, true).await?;
    let delivered = step(carried, Payload::OrderDelivered);
    // A process that dies before it tells Redis, and the redelivery.
    Facts::new(world.pool.clone()).live(&[&late, &delivered]).await?;
    assert_eq!(world.scores(&elsewhere).await?, BTreeMap::from([(somebody, 2)]));
    instance.live(&[&late, &delivered]).await?;
    assert_eq!(world.held(&world.zone).await?, BTreeMap::new());
    assert_eq!(world.scores(&elsewhere).await?, BTreeMap::from([(somebody, 0)]));
    Ok(())
}

#[tokio::test]
async fn a_courier_who_left_without_their_zone_hearing_of_it_is_not_of_it_for_ever() -> Result<()> {
    let world = World::new().await?;
    let (instance, mover, between, now) = (world.instance(), courier_id(), zone("between")?, zone("now")?);
    add_courier(&instance, mover, &world.zone, true).await?;
    // Moved by a process that died before it told Redis, and moved on before the redelivery: the zone before that is forgotten.
    let (event, known) = news(mover, &between, true, TimeDelta::zero())?;
    Facts::new(world.pool.clone()).take_over(&[(&event, &known)], Utc::now()).await?;
    add_courier(&instance, mover, &now, true).await?;
    instance.add_couriers(&[(&event, &known)]).await?;
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(mover, 0)]));
    instance.reconcile_zone(&world.zone).await?;
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::new());
    assert_eq!(world.scores(&now).await?, BTreeMap::from([(mover, 0)]));
    // Somebody of whom the facts have never heard.
    world.command(&["HSET", "courier", &courier_id().to_string(), "1 a -1 0 1"]).await?;
    instance.reconcile_zone(&world.zone).await?;
    assert!(!world.choice.is_warm(&world.zone, Utc::now()).await?, "loaded anew when it is needed");
    Ok(())
}
