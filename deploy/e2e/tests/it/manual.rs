//! Orders that somebody gives to a courier by hand.

use anyhow::{Context as _, Result};
use e2e::{Answer, World, events};
use serde_json::{Value, json};
use uuid::Uuid;

async fn pin(world: &World, order: Uuid, courier: Uuid, force: bool) -> Result<Answer> {
    let body = if force { json!({"courierId": courier, "force": true}) } else { json!({"courierId": courier}) };
    world.assignments().post(&format!("/orders/{order}/assign"), &body).await
}

/// Gives an order to a courier, twice: the second time changes nothing. All three services follow.
async fn given(world: &World, order: Uuid, courier: Uuid, force: bool) -> Result<Value> {
    let answer = pin(world, order, courier, force).await?;
    assert_eq!(answer.header("location"), format!("/orders/{order}/decision"));
    let decision = answer.expect(202)?;
    assert_eq!((&decision["courierId"], &decision["cause"]), (&json!(courier), &json!("manual")), "{decision}");
    assert_eq!(pin(world, order, courier, false).await?.expect(202)?, decision);
    assert_eq!(world.decision(order).await?, decision);
    world.stands(order, "assigned", Some(courier)).await?;
    Ok(decision)
}

#[tokio::test]
async fn an_order_is_taken_from_one_and_given_to_another() -> Result<()> {
    let world = World::new().await?;
    let decisions = world.decisions().await?;
    let [first, second] = [world.publish_courier(1).await?, world.publish_courier(2).await?];
    let (order, by, _) = world.next_order().await?;
    assert_eq!(by, first);
    let decision = given(&world, order, second, false).await?;
    assert_eq!(decision["score"], 0, "what they had before");
    assert_eq!(world.load(first).await?.map(|load| load.open_orders), Some(0));
    assert_eq!(world.load(second).await?.map(|load| load.open_orders), Some(1));
    // By the scores, the one who lost it is next, then by who has waited longest.
    let (_, by, score) = world.next_order().await?;
    assert_eq!((by, score), (first, 0));

    // Also when it is picked up; it is then to be picked up by the other.
    world.publish(&events::step("OrderPickedUp", order)).await?;
    world.stands(order, "picked_up", Some(second)).await?;
    given(&world, order, first, false).await?;
    let (after, by, score) = world.next_order().await?;
    assert_eq!((by, score), (second, 0));
    world.publish(&events::step_by("OrderDelivered", order, first)).await?;
    world.stands(order, "delivered", Some(first)).await?;
    world.has_open(first, 1).await?;

    let expected = [
        json!(["OrderAssigned", first, null]),
        json!(["OrderUnassigned", first, "manual"]),
        json!(["OrderAssigned", second, "manual"]),
        json!(["OrderUnassigned", second, "manual"]),
        json!(["OrderAssigned", first, "manual"]),
    ];
    assert_eq!(decisions.decisions_about(order, expected.len()).await?, expected);
    world.stands(after, "assigned", Some(second)).await?;
    world.nothing_dead().await
}

#[tokio::test]
async fn over_capacity_away_and_elsewhere_only_with_force() -> Result<()> {
    let (world, elsewhere) = (World::new().await?, World::new().await?);
    let [full, away, foreign] = [world.publish_limited(1).await?, Uuid::new_v4(), elsewhere.publish_courier(1).await?];
    world.publish(&events::courier(away, &world.zone, false)).await?;
    world.availability(away, false).await?;
    let (_, by, _) = world.next_order().await?;
    assert_eq!(by, full);
    for (courier, slug, open_then) in
        [(full, "courier-full", 2), (away, "courier-away", 1), (foreign, "courier-away", 1)]
    {
        let order = world.publish_order().await?;
        world.waits(order).await?;
        pin(&world, order, courier, false).await?.problem(409, slug, None)?;
        world.stands(order, "pending", None).await?;
        given(&world, order, courier, true).await?;
        world.has_open(courier, open_then).await?;
    }
    // What was forced counts: who is over their capacity gets nothing, until enough is done.
    let waits = world.publish_order().await?;
    world.waits(waits).await?;
    assert_eq!(world.decision(waits).await?["waiting"]["reason"], "everybody-full");
    let theirs = world.couriers().list(&format!("/couriers/{full}/orders?status=assigned")).await?;
    assert_eq!(theirs.len(), 2);
    for (pair, left) in theirs.iter().zip([1, 1]) {
        let order = pair["orderId"].as_str().context("an id")?.parse()?;
        world.stands(waits, "pending", None).await?;
        world.publish(&events::step("OrderDelivered", order)).await?;
        world.stands(order, "delivered", Some(full)).await?;
        world.has_open(full, left).await?;
    }
    assert_eq!(world.assigned(&[waits]).await?[&waits], full);
    // Of the orders that the foreign one has, this one is of the other zone, and their score counts it.
    let (_, by, score) = elsewhere.next_order().await?;
    assert_eq!((by, score), (foreign, 1));
    world.nothing_dead().await?;
    elsewhere.nothing_dead().await
}

#[tokio::test]
async fn an_order_that_has_ended_and_what_nobody_knows_are_refused() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    for (kind, status) in [("OrderDelivered", "delivered"), ("OrderCancelled", "cancelled")] {
        let (order, _, _) = world.next_order().await?;
        world.publish(&events::step(kind, order)).await?;
        world.stands(order, status, Some(courier)).await?;
        for force in [false, true] {
            pin(&world, order, courier, force).await?.problem(409, "order-finished", None)?;
        }
        world.stands(order, status, Some(courier)).await?;
    }
    let (order, _, _) = world.next_order().await?;
    pin(&world, Uuid::new_v4(), courier, true).await?.problem(404, "order-not-found", None)?;
    pin(&world, order, Uuid::new_v4(), true).await?.problem(404, "courier-not-found", None)?;
    let path = format!("/orders/{order}/assign");
    for (field, body) in [
        ("courierId", json!({})),
        ("courierId", json!({"courierId": "a"})),
        ("force", json!({"courierId": courier, "force": "yes"})),
        ("body", json!([courier])),
    ] {
        world.assignments().post(&path, &body).await?.problem(400, "invalid-request", Some(field))?;
    }
    let body = json!({"courierId": courier});
    let answer = world.assignments().post("/orders/b/assign", &body).await?;
    answer.problem(400, "invalid-request", Some("orderId"))?;
    world.stands(order, "assigned", Some(courier)).await?;
    assert_eq!(world.next_order().await?.2, 1);
    world.nothing_dead().await
}

/// Also where it waits since all have declined it: a person may ask again.
#[tokio::test]
async fn whoever_declined_an_order_can_be_given_it_by_hand() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let (order, _, _) = world.next_order().await?;
    world.publish(&events::step_by("OrderRejected", order, courier)).await?;
    world.stands(order, "pending", None).await?;
    given(&world, order, courier, false).await?;
    world.has_open(courier, 1).await?;
    assert_eq!(world.next_order().await?.2, 1);
    world.nothing_dead().await
}
