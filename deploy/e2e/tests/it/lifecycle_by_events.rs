//! The life of an order by injected events: from the plain aws CLI, more than once, in any order, and impossible ones.

use anyhow::Result;
use chrono::{TimeDelta, Utc};
use e2e::{World, bus::EVENTS_TOPIC, events, queues, system::Service};
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

/// A step with an id and a time of its own.
fn told(mut step: Value, seconds: i64) -> Value {
    step["eventId"] = json!(Uuid::new_v4());
    step["occurredAt"] = json!(events::time(Utc::now() + TimeDelta::seconds(seconds)));
    step
}

#[tokio::test]
async fn an_order_lives_by_what_the_plain_cli_publishes() -> Result<()> {
    let world = World::new().await?;
    let courier = Uuid::new_v4();
    world.publish_by_cli(&events::limited(courier, &world.zone, 1)).await?;
    world.available(1).await?;
    let (order, by, _) = world.next_order().await?;
    assert_eq!(by, courier);
    let [urgent, other] = events::ids(2)[..] else { unreachable!() };
    world.publish_by_cli(&events::order(other, &world.zone)).await?;
    world.waits(other).await?;
    let mut event = events::order(urgent, &world.zone);
    event["priority"] = json!(9);
    world.publish_by_cli(&event).await?;
    world.waits(urgent).await?;

    world.publish_by_cli(&events::step("OrderPickedUp", order)).await?;
    world.stands(order, "picked_up", Some(courier)).await?;
    world.publish_by_cli(&events::step_by("OrderDelivered", order, courier)).await?;
    world.stands(order, "delivered", Some(courier)).await?;
    assert_eq!(world.assigned(&[urgent]).await?[&urgent], courier, "the urgent one takes the place");
    world.waits(other).await?;
    world.publish_by_cli(&events::step("OrderCancelled", urgent)).await?;
    world.stands(urgent, "cancelled", Some(courier)).await?;
    assert_eq!(world.assigned(&[other]).await?[&other], courier);
    assert_eq!(world.decision(other).await?["score"], 0);
    world.nothing_dead().await
}

/// Whatever is said about ten orders, and how often: ten places are freed, and the eleventh order keeps its own.
#[tokio::test]
async fn each_end_frees_one_place_however_often_and_in_whatever_order_it_is_told() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let orders = events::ids(10);
    let bodies: Vec<String> = orders.iter().map(|order| events::order(*order, &world.zone).to_string()).collect();
    world.bus.publish_all(EVENTS_TOPIC, &bodies).await?;
    let assigned = world.assigned(&orders).await?;
    assert!(assigned.values().all(|by| *by == courier), "{assigned:?}");
    let (kept, _, score) = world.next_order().await?;
    assert_eq!(score, 10);

    // The delivery is heard of first, the cancellation is too late, and each event comes three times.
    let mut news = Vec::new();
    for order in &orders {
        news.push(told(events::step("OrderCancelled", *order), 3));
        news.push(told(events::step_by("OrderDelivered", *order, courier), 2));
        news.push(told(events::step("OrderPickedUp", *order), 1));
    }
    let mut bodies: Vec<String> = news.iter().map(Value::to_string).collect();
    bodies = [bodies.clone(), bodies.clone(), bodies].concat();
    bodies.sort_unstable_by_key(|body| body.bytes().rev().take(9).collect::<Vec<_>>());
    world.bus.publish_all(EVENTS_TOPIC, &bodies).await?;
    for order in &orders {
        for kind in ["OrderPickedUp", "OrderDelivered", "OrderCancelled"] {
            // A repetition is the same event, so it is there once.
            world.taken_in(*order, kind, 1).await?;
        }
        world.stands(*order, "delivered", Some(courier)).await?;
    }
    queues::handled(&world.bus, &queues::QUEUES).await?;
    world.has_open(courier, 1).await?;
    world.stands(kept, "assigned", Some(courier)).await?;
    let (_, by, score) = world.next_order().await?;
    assert_eq!((by, score), (courier, 1));
    world.nothing_dead().await
}

#[tokio::test]
async fn an_order_that_was_called_off_before_it_was_heard_of_goes_to_nobody() -> Result<()> {
    let world = World::new().await?;
    let decisions = world.decisions().await?;
    let courier = world.publish_courier(1).await?;
    let orders = events::ids(5);
    for order in &orders {
        world.publish(&events::step("OrderCancelled", *order)).await?;
        world.taken_in(*order, "OrderCancelled", 1).await?;
        world.assignments().get(&format!("/orders/{order}/decision")).await?.problem(404, "order-not-found", None)?;
    }
    queues::handled(&world.bus, &[queues::ORDER_EVENTS]).await?;
    for order in &orders {
        world.publish(&events::order(*order, &world.zone)).await?;
    }
    for order in &orders {
        world.stands(*order, "cancelled", None).await?;
    }
    world.redis_is_told().await?;
    let (after, by, score) = world.next_order().await?;
    assert_eq!((by, score), (courier, 0));
    let published = decisions.until_orders("the decision about the last", &[after]).await?;
    assert_eq!(published.len(), 1, "{published:?}");
    world.nothing_dead().await
}

/// A decision is later than all that is known of the order, so what was told before it, with whatever time, is impossible
/// at its time; and all three services agree in that.
#[tokio::test]
async fn a_delivery_that_was_told_before_the_assignment_delivers_nothing() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let order = Uuid::new_v4();
    world.publish(&told(events::step("OrderDelivered", order), 3_600)).await?;
    world.taken_in(order, "OrderDelivered", 1).await?;
    queues::handled(&world.bus, &[queues::ORDER_EVENTS, queues::COURIER_EVENTS]).await?;
    world.publish(&events::order(order, &world.zone)).await?;
    world.stands(order, "assigned", Some(courier)).await?;
    // Over REST it goes on at once, since a step that is asked for there is later than all that is known, too.
    for (step, status) in [("pickup", "picked_up"), ("deliver", "delivered")] {
        world.orders().post(&format!("/orders/{order}/{step}"), &json!({})).await?.expect(202)?;
        world.stands(order, status, Some(courier)).await?;
    }
    world.has_open(courier, 0).await?;
    world.redis_is_told().await?;
    assert_eq!(world.next_order().await?.2, 0);
    world.nothing_dead().await
}

/// Who moved to another zone takes the orders of the former one along: they count until they end, once.
#[tokio::test]
async fn orders_of_a_former_zone_count_until_they_end() -> Result<()> {
    let (former, present) = (World::new().await?, World::new().await?);
    let courier = former.publish_limited(2).await?;
    let (order, ..) = former.next_order().await?;
    former.publish(&events::limited(courier, &present.zone, 2)).await?;
    present.available(1).await?;
    let (_, by, score) = present.next_order().await?;
    assert_eq!((by, score), (courier, 1));
    let waits = present.publish_order().await?;
    present.waits(waits).await?;
    for _ in 0..3 {
        former.publish(&events::step("OrderDelivered", order)).await?;
    }
    former.stands(order, "delivered", Some(courier)).await?;
    assert_eq!(present.assigned(&[waits]).await?[&waits], courier);
    assert_eq!(present.decision(waits).await?["score"], 1);
    let one_too_many = present.publish_order().await?;
    present.waits(one_too_many).await?;
    queues::handled(&present.bus, &queues::QUEUES).await?;
    present.stands(one_too_many, "pending", None).await?;
    present.nothing_dead().await
}

#[tokio::test]
async fn what_is_impossible_is_counted_and_acknowledged_and_changes_nothing() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let other = world.publish_courier(2).await?;
    let (order, by, _) = world.next_order().await?;
    assert_eq!(by, courier);
    let waiting = Uuid::new_v4();
    let elsewhere = format!("{}.empty", world.zone);
    world.publish(&events::order(waiting, &elsewhere)).await?;
    world.stands(waiting, "pending", None).await?;

    let impossible = [
        (events::step("OrderPickedUp", waiting), "impossible"),
        (events::step("OrderDelivered", waiting), "impossible"),
        (events::step_by("OrderPickedUp", order, other), "somebody-else"),
        (events::step_by("OrderDelivered", order, other), "somebody-else"),
    ];
    for (event, reason) in &impossible {
        let labels = [format!("type={}", event["type"]), format!("reason=\"{reason}\"")];
        let labels = [labels[0].as_str(), labels[1].as_str()];
        let before = refused(&world, &labels).await?;
        world.publish(event).await?;
        eventually(&format!("all services have counted {event}"), || async {
            let now = refused(&world, &labels).await?;
            Ok(now.iter().zip(before).all(|(now, before)| *now > before).then_some(()))
        })
        .await?;
    }
    queues::handled(&world.bus, &queues::QUEUES).await?;
    world.stands(waiting, "pending", None).await?;
    world.stands(order, "assigned", Some(courier)).await?;
    // They went on: what is possible still is.
    world.publish(&events::step_by("OrderPickedUp", order, courier)).await?;
    world.stands(order, "picked_up", Some(courier)).await?;
    world.nothing_dead().await
}

/// How often each of the services has refused such an event.
async fn refused(world: &World, labels: &[&str]) -> Result<[u64; 3]> {
    let count = async |service: &Service| world.counted(service, "dispatch_events_refused_total", labels).await;
    let system = &world.system;
    Ok([count(&system.order).await?, count(&system.courier).await?, count(&system.assignment).await?])
}
