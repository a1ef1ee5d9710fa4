//! Couriers who decline an order that they were given.

use anyhow::{Context as _, Result};
use e2e::{Answer, World, events, queues};
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

/// How a courier says that they decline.
#[derive(Debug, Clone, Copy)]
enum Way {
    Event,
    Cli,
    Rest,
}

impl Way {
    async fn decline(self, world: &World, order: Uuid, courier: Uuid) -> Result<()> {
        let event = events::step_by("OrderRejected", order, courier);
        match self {
            Self::Event => world.publish(&event).await,
            Self::Cli => world.publish_by_cli(&event).await,
            Self::Rest => ask(world, order, courier).await?.expect(202).map(drop),
        }
    }
}

async fn ask(world: &World, order: Uuid, courier: Uuid) -> Result<Answer> {
    world.couriers().post(&format!("/couriers/{courier}/orders/{order}/reject"), &json!({})).await
}

async fn goes_to_others_until_all_have_declined(way: Way) -> Result<()> {
    let world = World::new().await?;
    let decisions = world.decisions().await?;
    let [first, second] = [world.publish_courier(1).await?, world.publish_courier(2).await?];
    let (order, by, _) = world.next_order().await?;
    assert_eq!(by, first);
    // The other one has more: by score alone the decliner would be asked again.
    let (_, by, _) = world.next_order().await?;
    assert_eq!(by, second);

    way.decline(&world, order, first).await?;
    world.stands(order, "assigned", Some(second)).await?;
    let decision = world.decision(order).await?;
    assert_eq!(
        (&decision["score"], &decision["candidates"], &decision["runnerUp"]),
        (&json!(1), &json!(1), &json!(null))
    );
    assert_eq!(world.load(first).await?.map(|load| load.open_orders), Some(0));
    assert_eq!(world.load(second).await?.map(|load| load.open_orders), Some(2));

    way.decline(&world, order, second).await?;
    world.stands(order, "pending", None).await?;
    let waiting = world.decision(order).await?["waiting"].clone();
    assert_eq!(
        waiting,
        json!({
            "place": 1, "reason": "everybody-declined", "availableCouriers": 2, "fullCouriers": 0, "declinedCouriers": 2,
            "restingCouriers": 0,
        })
    );
    // It holds up nobody behind it, and the places of both are free.
    for (expected, score) in [(first, 0), (second, 1), (first, 1)] {
        let (_, by, at) = world.next_order().await?;
        assert_eq!((by, at), (expected, score));
    }
    world.stands(order, "pending", None).await?;

    let somebody_new = world.publish_courier(3).await?;
    assert_eq!(world.assigned(&[order]).await?[&order], somebody_new);
    let expected = [
        json!(["OrderAssigned", first, null]),
        json!(["OrderUnassigned", first, "rejected"]),
        json!(["OrderAssigned", second, null]),
        json!(["OrderUnassigned", second, "rejected"]),
        json!(["OrderAssigned", somebody_new, null]),
    ];
    assert_eq!(decisions.decisions_about(order, expected.len()).await?, expected);
    world.nothing_dead().await
}

#[tokio::test]
async fn a_declined_order_goes_to_others_until_all_have_declined_by_events() -> Result<()> {
    goes_to_others_until_all_have_declined(Way::Event).await
}

#[tokio::test]
async fn a_declined_order_goes_to_others_until_all_have_declined_by_the_cli() -> Result<()> {
    goes_to_others_until_all_have_declined(Way::Cli).await
}

#[tokio::test]
async fn a_declined_order_goes_to_others_until_all_have_declined_over_rest() -> Result<()> {
    goes_to_others_until_all_have_declined(Way::Rest).await
}

/// A rejection that is told three times is one: the order is not taken from who has it next, nor from the same courier
/// when it comes back to them by hand.
#[tokio::test]
async fn a_repeated_rejection_is_one() -> Result<()> {
    let world = World::new().await?;
    let decisions = world.decisions().await?;
    let courier = world.publish_courier(1).await?;
    let (order, by, _) = world.next_order().await?;
    assert_eq!(by, courier);
    let mut rejection = events::step_by("OrderRejected", order, courier);
    rejection["eventId"] = json!(Uuid::new_v4());
    let at = world.assignment(order).await?.and_then(|known| known.assigned_at).context("a time")?;
    let at = dispatch_contracts::grpc::from_timestamp(&at).context("a time")?;
    rejection["occurredAt"] = json!(events::time(at + chrono::TimeDelta::milliseconds(1)));
    for _ in 0..3 {
        world.publish(&rejection).await?;
    }
    world.stands(order, "pending", None).await?;
    let path = format!("/orders/{order}/assign");
    world.assignments().post(&path, &json!({"courierId": courier})).await?.expect(202)?;
    world.stands(order, "assigned", Some(courier)).await?;
    world.publish(&rejection).await?;
    queues::handled(&world.bus, &queues::QUEUES).await?;
    world.stands(order, "assigned", Some(courier)).await?;
    let (_, by, score) = world.next_order().await?;
    assert_eq!((by, score), (courier, 1));
    let expected = [
        json!(["OrderAssigned", courier, null]),
        json!(["OrderUnassigned", courier, "rejected"]),
        json!(["OrderAssigned", courier, "manual"]),
    ];
    assert_eq!(decisions.decisions_about(order, 3).await?, expected);
    world.taken_in(order, "OrderRejected", 1).await?;
    world.nothing_dead().await
}

#[tokio::test]
async fn what_cannot_be_declined_is_counted_and_changes_nothing() -> Result<()> {
    let world = World::new().await?;
    let [courier, other] = [world.publish_courier(1).await?, world.publish_courier(2).await?];
    let (order, by, _) = world.next_order().await?;
    assert_eq!(by, courier);
    refused(&world, &events::step_by("OrderRejected", order, other), "somebody-else").await?;
    refused(&world, &events::step_by("OrderRejected", Uuid::new_v4(), courier), "impossible").await?;
    world.stands(order, "assigned", Some(courier)).await?;
    for (step, status) in [("OrderPickedUp", "picked_up"), ("OrderDelivered", "delivered")] {
        world.publish(&events::step(step, order)).await?;
        world.stands(order, status, Some(courier)).await?;
        refused(&world, &events::step_by("OrderRejected", order, courier), "impossible").await?;
        world.stands(order, status, Some(courier)).await?;
    }
    world.nothing_dead().await
}

/// Publishes what assignment-service refuses, and waits until it has counted it.
async fn refused(world: &World, event: &Value, reason: &str) -> Result<()> {
    let reason = format!("reason=\"{reason}\"");
    let labels = ["type=\"OrderRejected\"", reason.as_str()];
    let count = async || world.counted(&world.system.assignment, "dispatch_events_refused_total", &labels).await;
    let before = count().await?;
    world.publish(event).await?;
    eventually(&format!("{event} is counted"), || async { Ok((count().await? > before).then_some(())) }).await?;
    queues::handled(&world.bus, &[queues::EVENTS]).await
}
