//! The lives of orders against the real stores: races, and news of orders that had gone on.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result};
use assignment_service::{dispatch::Dispatch, facts::PinRefusal};
use chrono::{TimeDelta, Utc};
use dispatch_contracts::{
    event::{AddCourier, OrderRejected, OrderStep, Payload},
    id::{CourierId, OrderId},
};
use events::Incoming;
use test_support::eventually;
use trace::TraceParent;

use crate::world::{World, add_courier, add_order, courier_id, incoming, news, order, order_id, zone};

pub(crate) fn step(order_id: OrderId, payload: fn(OrderStep) -> Payload) -> Incoming {
    incoming(Utc::now(), payload(OrderStep { order_id, courier_id: None }))
}

pub(crate) async fn live(instance: &Dispatch, order_id: OrderId, payload: fn(OrderStep) -> Payload) -> Result<()> {
    Ok(instance.live(&[&step(order_id, payload)]).await?)
}

pub(crate) fn rejection(order_id: OrderId, courier_id: CourierId) -> (Incoming, OrderRejected) {
    let rejected = OrderRejected { order_id, courier_id };
    (incoming(Utc::now(), Payload::OrderRejected(rejected.clone())), rejected)
}

async fn status(world: &World, order: OrderId) -> Result<String> {
    let query = sqlx::query_scalar("SELECT status FROM orders WHERE order_id = $1").bind(order.as_uuid());
    Ok(query.fetch_one(&world.pool).await?)
}

/// Waits until the courier has the order, in the facts and in Redis.
pub(crate) async fn is_with(world: &World, order: OrderId, courier: CourierId) -> Result<()> {
    eventually("the order is with the courier", || async {
        let facts = world.assigned().await?.get(&order) == Some(&courier);
        let redis = world.held(&world.zone).await?.get(&order) == Some(&courier);
        Ok((facts && redis && world.size(&world.zone, "unrecorded").await? == 0).then_some(()))
    })
    .await
}

pub(crate) async fn limited(instance: &Dispatch, world: &World, courier: CourierId, capacity: i64) -> Result<()> {
    let (event, known) = news(courier, &world.zone, true, TimeDelta::zero())?;
    let capacity = capacity.try_into().map_err(anyhow::Error::msg)?;
    let known = AddCourier { capacity: Some(capacity), ..known };
    Ok(instance.add_couriers(&[(&event, &known)]).await?)
}

#[tokio::test]
async fn a_delivery_frees_the_score_once_however_often_it_is_told_and_by_whom() -> Result<()> {
    let world = World::new().await?;
    let instances = [world.instance(), world.instance()];
    let (somebody, done, stays) = (courier_id(), order_id(), order_id());
    add_courier(&instances[0], somebody, &world.zone, true).await?;
    add_order(&instances[0], done, &world.zone).await?;
    add_order(&instances[0], stays, &world.zone).await?;
    let delivered = step(done, Payload::OrderDelivered);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..10 {
        let (instance, delivered) = (instances[number % 2].clone(), delivered.clone());
        let again = step(done, Payload::OrderDelivered);
        tasks.spawn(async move { instance.live(&[&delivered, &again]).await });
    }
    for told in tasks.join_all().await {
        told?;
    }
    live(&instances[0], done, Payload::OrderCancelled).await?;
    assert_eq!(status(&world, done).await?, "delivered");
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(somebody, 1)]));
    is_with(&world, stays, somebody).await
}

#[tokio::test]
async fn a_freed_place_goes_to_whoever_waits() -> Result<()> {
    let world = World::new().await?;
    let (instance, somebody) = (world.instance(), courier_id());
    let (first, second) = (order_id(), order_id());
    limited(&instance, &world, somebody, 1).await?;
    add_order(&instance, first, &world.zone).await?;
    add_order(&instance, second, &world.zone).await?;
    is_with(&world, first, somebody).await?;
    assert_eq!(status(&world, second).await?, "pending");
    live(&instance, first, Payload::OrderPickedUp).await?;
    assert_eq!(status(&world, second).await?, "pending", "picked up is still open");
    live(&instance, first, Payload::OrderDelivered).await?;
    is_with(&world, second, somebody).await
}

#[tokio::test]
async fn cancelled_before_it_is_there_an_order_is_never_assigned() -> Result<()> {
    let world = World::new().await?;
    let (instance, somebody, gone) = (world.instance(), courier_id(), order_id());
    add_courier(&instance, somebody, &world.zone, true).await?;
    live(&instance, gone, Payload::OrderCancelled).await?;
    add_order(&instance, gone, &world.zone).await?;
    assert_eq!((status(&world, gone).await?.as_str(), world.published().await?.len()), ("cancelled", 0));
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(somebody, 0)]));
    Ok(())
}

#[tokio::test]
async fn cancelling_races_with_assigning_and_all_stores_agree() -> Result<()> {
    let world = World::new().await?;
    let instances = [world.instance(), world.instance()];
    let somebody = courier_id();
    add_courier(&instances[0], somebody, &world.zone, true).await?;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let [adds, cancels] = [instances[number % 2].clone(), instances[(number + 1) % 2].clone()];
        let new = order(order_id(), &world.zone, 0, TimeDelta::zero())?;
        let cancelled = step(new.1.order_id, Payload::OrderCancelled);
        tasks.spawn(async move { adds.add_orders(vec![new]).await });
        tasks.spawn(async move { cancels.live(&[&cancelled]).await });
    }
    for done in tasks.join_all().await {
        done?;
    }
    assert_eq!(world.assigned().await?.len(), 0);
    eventually("Redis has let go of all of them", || async {
        let held = world.held(&world.zone).await?.len() as u64 + world.size(&world.zone, "pending").await?;
        let free = world.scores(&world.zone).await? == BTreeMap::from([(somebody, 0)]);
        Ok((held == 0 && free).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_declined_order_goes_to_somebody_else_and_back_to_nobody() -> Result<()> {
    let world = World::new().await?;
    let (instance, declines, takes) = (world.instance(), courier_id(), courier_id());
    let order = order_id();
    add_courier(&instance, declines, &world.zone, true).await?;
    add_order(&instance, order, &world.zone).await?;
    let (event, rejected) = rejection(order, declines);
    instance.reject(&[(&event, &rejected)]).await?;
    assert_eq!(status(&world, order).await?, "pending", "there is nobody else");
    add_courier(&instance, takes, &world.zone, true).await?;
    is_with(&world, order, takes).await?;
    // Repeated, and by somebody who does not have it.
    let (other, again) = rejection(order, declines);
    instance.reject(&[(&event, &rejected), (&other, &again)]).await?;
    is_with(&world, order, takes).await?;
    // Picked up: too late.
    live(&instance, order, Payload::OrderPickedUp).await?;
    let (event, rejected) = rejection(order, takes);
    instance.reject(&[(&event, &rejected)]).await?;
    assert_eq!(status(&world, order).await?, "picked_up");
    Ok(())
}

#[tokio::test]
async fn who_leaves_loses_what_is_not_picked_up_unless_they_come_back() -> Result<()> {
    let world = World::new().await?;
    let (instance, leaves, takes) = (world.instance(), courier_id(), courier_id());
    let (picked_up, assigned) = (order_id(), order_id());
    add_courier(&instance, leaves, &world.zone, true).await?;
    add_order(&instance, picked_up, &world.zone).await?;
    add_order(&instance, assigned, &world.zone).await?;
    live(&instance, picked_up, Payload::OrderPickedUp).await?;
    add_courier(&instance, leaves, &world.zone, false).await?;
    add_courier(&instance, takes, &world.zone, true).await?;
    instance.take_back_left_behind(Duration::from_secs(3_600)).await?;
    is_with(&world, assigned, leaves).await?;
    add_courier(&instance, leaves, &world.zone, true).await?;
    instance.take_back_left_behind(Duration::ZERO).await?;
    is_with(&world, assigned, leaves).await?;
    add_courier(&instance, leaves, &world.zone, false).await?;
    instance.take_back_left_behind(Duration::ZERO).await?;
    is_with(&world, assigned, takes).await?;
    assert_eq!(status(&world, picked_up).await?, "picked_up");
    assert_eq!(world.held(&world.zone).await?.get(&picked_up), Some(&leaves));
    Ok(())
}

#[tokio::test]
async fn an_order_is_pinned_to_a_courier_also_from_another_one() -> Result<()> {
    let world = World::new().await?;
    let (instance, has, gets, order) = (world.instance(), courier_id(), courier_id(), order_id());
    limited(&instance, &world, has, 1).await?;
    add_order(&instance, order, &world.zone).await?;
    is_with(&world, order, has).await?;
    limited(&instance, &world, gets, 0).await?;
    let pin = async |force| instance.pin(order, gets, force, TraceParent::start()).await;
    assert_eq!(pin(false).await?, Err(PinRefusal::Full { open: 0 }));
    assert_eq!(pin(true).await?, Ok(()));
    is_with(&world, order, gets).await?;
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(has, 0)]), "and the other one is full");
    assert_eq!(pin(false).await?, Ok(()), "a repetition");
    assert_eq!(world.published().await?.len(), 3, "assigned, unassigned, assigned");
    live(&instance, order, Payload::OrderDelivered).await?;
    let finished = pin(true).await?.err().context("a refusal")?;
    assert!(matches!(finished, PinRefusal::Finished(_)), "{finished:?}");
    assert_eq!(instance.pin(order_id(), gets, true, TraceParent::start()).await?, Err(PinRefusal::OrderNotFound));
    assert_eq!(instance.pin(order, courier_id(), true, TraceParent::start()).await?, Err(PinRefusal::CourierNotFound));
    Ok(())
}

#[tokio::test]
async fn what_a_courier_carries_from_a_former_zone_counts_until_it_ends() -> Result<()> {
    let world = World::new().await?;
    let (instance, elsewhere, mover) = (world.instance(), zone("elsewhere")?, courier_id());
    let (carried, order) = (order_id(), order_id());
    add_courier(&instance, mover, &world.zone, true).await?;
    add_order(&instance, carried, &world.zone).await?;
    add_courier(&instance, mover, &elsewhere, true).await?;
    add_order(&instance, order, &elsewhere).await?;
    assert_eq!(world.scores(&elsewhere).await?, BTreeMap::from([(mover, 2)]));
    live(&instance, carried, Payload::OrderDelivered).await?;
    assert_eq!(world.scores(&elsewhere).await?, BTreeMap::from([(mover, 1)]));
    Ok(())
}

#[tokio::test]
async fn one_event_id_for_two_orders_says_two_things() -> Result<()> {
    let world = World::new().await?;
    let (instance, somebody, orders) = (world.instance(), courier_id(), [order_id(), order_id()]);
    add_courier(&instance, somebody, &world.zone, true).await?;
    for order in orders {
        add_order(&instance, order, &world.zone).await?;
    }
    let first = step(orders[0], Payload::OrderDelivered);
    let second = Incoming { payload: step(orders[1], Payload::OrderDelivered).payload, ..first.clone() };
    for _ in 0..2 {
        instance.live(&[&first]).await?;
        instance.live(&[&first, &second]).await?;
    }
    for order in orders {
        assert_eq!(status(&world, order).await?, "delivered");
    }
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(somebody, 0)]));
    Ok(())
}

/// Refused, as nobody had the order; then somebody gets it who is said to have declined it later than that.
#[tokio::test]
async fn a_rejection_that_was_refused_takes_no_effect_when_it_comes_again() -> Result<()> {
    let world = World::new().await?;
    let (instance, order, courier) = (world.instance(), order_id(), courier_id());
    let rejected = OrderRejected { order_id: order, courier_id: courier };
    let event = incoming(Utc::now() + TimeDelta::minutes(1), Payload::OrderRejected(rejected.clone()));
    instance.reject(&[(&event, &rejected)]).await?;
    add_courier(&instance, courier, &world.zone, true).await?;
    add_order(&instance, order, &world.zone).await?;
    assert_eq!(status(&world, order).await?, "assigned");
    instance.reject(&[(&event, &rejected)]).await?;
    assert_eq!(status(&world, order).await?, "assigned");
    Ok(())
}
