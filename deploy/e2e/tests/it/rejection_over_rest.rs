//! `POST /couriers/{courierId}/orders/{orderId}/reject`: what it answers and what it refuses.

use anyhow::Result;
use e2e::{Answer, World, events, queues};
use futures::future::try_join_all;
use serde_json::json;
use uuid::Uuid;

async fn ask(world: &World, order: Uuid, courier: Uuid) -> Result<Answer> {
    world.couriers().post(&format!("/couriers/{courier}/orders/{order}/reject"), &json!({})).await
}

/// Asked for ten times at both instances, it is declined once; the other courier keeps it.
#[tokio::test]
async fn a_courier_declines_an_order_once_however_often_they_ask() -> Result<()> {
    let world = World::new().await?;
    let decisions = world.decisions().await?;
    let [courier, other] = [world.publish_courier(1).await?, world.publish_courier(2).await?];
    let (order, by, _) = world.next_order().await?;
    assert_eq!(by, courier);
    let told = world.events_of(order).await?;
    let pair = world.couriers().get(&format!("/orders/{order}/courier")).await?.expect(200)?;
    let answer = ask(&world, order, courier).await?;
    assert_eq!(answer.header("location"), format!("/couriers/{courier}/orders"));
    assert_eq!(answer.expect(202)?, pair, "it is theirs until somebody else is found");
    let answers = try_join_all((0..9).map(|_| ask(&world, order, courier))).await?;
    assert!(answers.iter().all(|answer| [202, 409].contains(&answer.status)), "{answers:?}");
    world.stands(order, "assigned", Some(other)).await?;
    for event in told.until_types("the rejection", &[("OrderRejected", 1)]).await? {
        assert_eq!((&event.event["orderId"], &event.event["courierId"]), (&json!(order), &json!(courier)));
        assert!(event.event["eventId"].is_string() && event.event["occurredAt"].is_string(), "{event:?}");
    }
    queues::handled(&world.bus, &queues::QUEUES).await?;
    world.stands(order, "assigned", Some(other)).await?;
    let expected = [
        json!(["OrderAssigned", courier, null]),
        json!(["OrderUnassigned", courier, "rejected"]),
        json!(["OrderAssigned", other, null]),
    ];
    for next in [(courier, 0), (other, 1)] {
        let (_, by, score) = world.next_order().await?;
        assert_eq!((by, score), next);
    }
    // What was decided after all of that was heard of, so there is no fourth on the way.
    assert_eq!(decisions.decisions_about(order, 3).await?, expected);
    world.nothing_dead().await
}

#[tokio::test]
async fn what_cannot_be_declined_is_refused_over_rest() -> Result<()> {
    let world = World::new().await?;
    let [courier, other] = [world.publish_courier(1).await?, world.publish_courier(2).await?];
    let (order, by, _) = world.next_order().await?;
    assert_eq!(by, courier);
    world.registered(other).await?;
    ask(&world, order, other).await?.problem(409, "not-their-order", None)?;
    ask(&world, Uuid::new_v4(), courier).await?.problem(404, "order-not-found", None)?;
    for path in [format!("/couriers/a/orders/{order}/reject"), format!("/couriers/{courier}/orders/b/reject")] {
        let field = if path.starts_with("/couriers/a/") { "courierId" } else { "orderId" };
        world.couriers().post(&path, &json!({})).await?.problem(400, "invalid-request", Some(field))?;
    }
    for (step, status) in [("OrderPickedUp", "picked_up"), ("OrderDelivered", "delivered")] {
        world.publish(&events::step(step, order)).await?;
        world.stands(order, status, Some(courier)).await?;
        let answer = ask(&world, order, courier).await?;
        answer.problem(409, "impossible-transition", None)?;
        assert_eq!(answer.json()?["orderStatus"], status);
    }
    world.stands(order, "delivered", Some(courier)).await?;
    world.nothing_dead().await
}
