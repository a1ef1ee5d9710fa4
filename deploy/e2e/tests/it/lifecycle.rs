//! The life of an order over REST: picked up, delivered, called off; shown by all three services, told once.

use anyhow::Result;
use e2e::{Answer, Inbox, World, events, queues};
use futures::future::try_join_all;
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

const STEPS: [&str; 3] = ["pickup", "deliver", "cancel"];

async fn ask(world: &World, order: Uuid, step: &str) -> Result<Answer> {
    world.orders().post(&format!("/orders/{order}/{step}"), &json!({})).await
}

/// Asks for a step that is possible, twice: the second time changes nothing. Answers the order.
async fn take(world: &World, order: Uuid, step: &str) -> Result<Value> {
    let answer = ask(world, order, step).await?;
    assert_eq!(answer.header("location"), format!("/orders/{order}"));
    let taken = answer.expect(202)?;
    assert_eq!(ask(world, order, step).await?.expect(202)?, taken, "the other instance says the same");
    assert_eq!(world.orders().get(&format!("/orders/{order}")).await?.expect(200)?, taken);
    Ok(taken)
}

async fn refused(world: &World, order: Uuid, step: &str, status: &str, courier: Option<Uuid>) -> Result<()> {
    let answer = ask(world, order, step).await?;
    answer.problem(409, "impossible-transition", None)?;
    let problem = answer.json()?;
    assert_eq!(problem["orderStatus"], status, "{problem}");
    assert_eq!(problem["courierId"], json!(courier), "{problem}");
    Ok(())
}

/// An order that was made over REST and is with a courier; and what is told of it from now on.
async fn assigned(world: &World) -> Result<(Uuid, Uuid, Inbox)> {
    let courier = world.publish_limited(1).await?;
    let order = Uuid::new_v4();
    let told = world.events_of(order).await?;
    let body = json!({"orderId": order, "details": "a", "zone": world.zone});
    world.orders().post("/orders", &body).await?.expect(201)?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    Ok((order, courier, told))
}

/// Waits until these types have come and nothing is under way any more, and demands that each came once.
async fn told_once(world: &World, told: &Inbox, types: &[&str]) -> Result<Vec<Value>> {
    let once: Vec<(&str, usize)> = types.iter().map(|kind| (*kind, 1)).collect();
    told.until_types("the steps are published", &once).await?;
    queues::handled(&world.bus, &queues::QUEUES).await?;
    // The last word: what order-service is asked for now it tells after all that it still has to tell.
    let fence = Uuid::new_v4();
    let body = json!({"orderId": fence, "details": "a", "zone": format!("{}.fence", world.zone)});
    world.orders().post("/orders", &body).await?.expect(201)?;
    eventually("the last word is heard", || world.assignment(fence)).await?;
    let all = told.until("nothing more", |_| true).await?;
    let mut kinds: Vec<_> = all.iter().map(|received| received.event["type"].as_str().unwrap_or_default()).collect();
    kinds.sort_unstable();
    let mut expected = types.to_vec();
    expected.sort_unstable();
    assert_eq!(kinds, expected);
    Ok(all.into_iter().map(|received| received.event).collect())
}

#[tokio::test]
async fn an_order_is_picked_up_and_delivered() -> Result<()> {
    let world = World::new().await?;
    let (order, courier, told) = assigned(&world).await?;
    let waits = world.publish_order().await?;
    world.waits(waits).await?;

    let picked_up = take(&world, order, "pickup").await?;
    assert_eq!((&picked_up["status"], &picked_up["courierId"]), (&json!("picked_up"), &json!(courier)));
    world.stands(order, "picked_up", Some(courier)).await?;
    assert_eq!(world.load(courier).await?.map(|load| load.open_orders), Some(1), "it is still theirs to deliver");
    world.stands(waits, "pending", None).await?;

    let delivered = take(&world, order, "deliver").await?;
    assert_eq!((&delivered["status"], &delivered["courierId"]), (&json!("delivered"), &json!(courier)));
    world.stands(order, "delivered", Some(courier)).await?;
    // The place is free again, and who waits gets it; the score that they were chosen at is 0 again.
    assert_eq!(world.assigned(&[waits]).await?[&waits], courier);
    assert_eq!(world.decision(waits).await?["score"], 0);
    assert_eq!(world.load(courier).await?.map(|load| load.open_orders), Some(1));

    let events = told_once(&world, &told, &["AddOrder", "OrderPickedUp", "OrderDelivered"]).await?;
    for event in events.iter().filter(|event| event["type"] != "AddOrder") {
        assert_eq!(event["courierId"], json!(courier), "{event}");
        assert!(event["eventId"].is_string() && event["occurredAt"].is_string(), "{event}");
    }
    world.nothing_dead().await
}

#[tokio::test]
async fn an_order_can_be_called_off_until_it_is_delivered() -> Result<()> {
    let world = World::new().await?;
    let (order, courier, told) = assigned(&world).await?;
    let [called_off, last] = [world.publish_order().await?, world.publish_order().await?];
    world.waits(called_off).await?;
    world.waits(last).await?;

    // While it waits: it leaves the line, and whoever was behind it is first.
    let cancelled = take(&world, called_off, "cancel").await?;
    assert_eq!((&cancelled["status"], &cancelled["courierId"]), (&json!("cancelled"), &json!(null)));
    world.stands(called_off, "cancelled", None).await?;
    assert_eq!(world.decision(last).await?["waiting"]["place"], 1);

    // While it is assigned: the place is free for the one that is left.
    take(&world, order, "cancel").await?;
    world.stands(order, "cancelled", Some(courier)).await?;
    assert_eq!(world.assigned(&[last]).await?[&last], courier);
    told_once(&world, &told, &["AddOrder", "OrderCancelled"]).await?;

    // While it is picked up.
    take(&world, last, "pickup").await?;
    take(&world, last, "cancel").await?;
    world.stands(last, "cancelled", Some(courier)).await?;
    let (_, by, score) = world.next_order().await?;
    assert_eq!((by, score), (courier, 0));
    world.stands(called_off, "cancelled", None).await?;
    world.nothing_dead().await
}

#[tokio::test]
async fn what_is_impossible_is_refused_with_the_present_state() -> Result<()> {
    let world = World::new().await?;
    let waiting = world.orders().post("/orders", &json!({"details": "a", "zone": world.zone})).await?.expect(201)?;
    let waiting: Uuid = waiting["orderId"].as_str().unwrap_or_default().parse()?;
    for step in ["pickup", "deliver"] {
        refused(&world, waiting, step, "pending", None).await?;
    }
    take(&world, waiting, "cancel").await?;
    for step in ["pickup", "deliver"] {
        refused(&world, waiting, step, "cancelled", None).await?;
    }
    world.stands(waiting, "cancelled", None).await?;

    let (order, courier, told) = assigned(&world).await?;
    refused(&world, order, "deliver", "assigned", Some(courier)).await?;
    take(&world, order, "pickup").await?;
    take(&world, order, "deliver").await?;
    for step in ["pickup", "cancel"] {
        refused(&world, order, step, "delivered", None).await?;
    }
    world.stands(order, "delivered", Some(courier)).await?;
    told_once(&world, &told, &["AddOrder", "OrderPickedUp", "OrderDelivered"]).await?;

    for step in STEPS {
        ask(&world, Uuid::new_v4(), step).await?.problem(404, "order-not-found", None)?;
        let path = format!("/orders/b87261aa/{step}");
        world.orders().post(&path, &json!({})).await?.problem(400, "invalid-request", Some("orderId"))?;
        let path = format!("/orders/{order}/{step}");
        world.orders().get(&path).await?.problem(405, "method-not-allowed", None)?;
    }
    world.nothing_dead().await
}

/// Ten at once, at both instances: one of them takes the step, the others find it taken, and one place is freed.
#[tokio::test]
async fn one_step_asked_for_often_and_at_once_is_taken_once() -> Result<()> {
    let world = World::new().await?;
    let (order, courier, told) = assigned(&world).await?;
    world.publish(&events::limited(courier, &world.zone, 2)).await?;
    let (second, by, score) = world.next_order().await?;
    assert_eq!((by, score), (courier, 1));
    for step in ["pickup", "deliver"] {
        let answers = try_join_all((0..10).map(|_| ask(&world, order, step))).await?;
        let orders = answers.iter().map(|answer| answer.expect(202)).collect::<Result<Vec<_>>>()?;
        assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
    }
    told_once(&world, &told, &["AddOrder", "OrderPickedUp", "OrderDelivered"]).await?;
    world.stands(order, "delivered", Some(courier)).await?;
    world.stands(second, "assigned", Some(courier)).await?;
    let (_, by, score) = world.next_order().await?;
    assert_eq!((by, score), (courier, 1), "one of two is left");
    let one_too_many = world.publish_order().await?;
    world.waits(one_too_many).await?;
    assert_eq!(world.decision(one_too_many).await?["waiting"]["reason"], "everybody-full");
    world.nothing_dead().await
}
