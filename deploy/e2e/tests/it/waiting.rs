//! Orders that come before their courier.

use anyhow::{Context as _, Result};
use e2e::{World, events};
use serde_json::json;
use test_support::eventually;

#[tokio::test]
async fn an_order_waits_for_its_courier() -> Result<()> {
    let (world, elsewhere) = (World::new().await?, World::new().await?);
    let decisions = world.decisions().await?;
    let order = world.publish_order().await?;
    world.waits(order).await?;

    // An order of another zone comes later and is through: this one was not just not looked at yet.
    let other_courier = elsewhere.publish_courier(1).await?;
    let other = elsewhere.publish_order().await?;
    assert_eq!(elsewhere.assigned(&[other]).await?[&other], other_courier);

    world.couriers().get(&format!("/orders/{order}/courier")).await?.problem(404, "order-not-assigned", None)?;
    let shown = eventually("order-service knows the order", || async {
        let answer = world.orders().get(&format!("/orders/{order}")).await?;
        if answer.status == 404 { Ok(None) } else { answer.expect(200).map(Some) }
    })
    .await?;
    assert_eq!(
        (&shown["status"], &shown["courierId"], &shown["assignedAt"]),
        (&json!("pending"), &json!(null), &json!(null))
    );
    let zone = world.in_line(&[order]).await?;
    assert_eq!((zone.available_couriers, zone.waiting_orders), (0, 1));

    let courier = world.publish_courier(1).await?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    assert_eq!(decisions.until_orders("the decision", &[order]).await?[&order].len(), 1);
    let zone = world.zone(&world.zone).await?.context("the zone")?;
    assert_eq!((zone.waiting_orders, zone.waiting_order_ids.len()), (0, 0));
    world.nothing_dead().await?;
    elsewhere.nothing_dead().await
}

/// Who is served when is seen by the score that the one courier had each time.
#[tokio::test]
async fn the_most_urgent_then_the_oldest_is_served_first() -> Result<()> {
    let world = World::new().await?;
    let orders = events::ids(4);
    let [young, old, urgent, most_urgent] = orders[..] else { unreachable!() };
    let line = [
        (young, "2026-01-01T00:00:02Z", 0),
        (old, "2026-01-01T00:00:01Z", 0),
        (urgent, "2026-01-01T00:00:04Z", 5),
        (most_urgent, "2026-01-01T00:00:03Z", 9),
    ];
    for (order, added_at, priority) in line {
        let (zone, details) = (&world.zone, "Buy something");
        let event =
            json!({"orderId": order, "details": details, "zone": zone, "addedAt": added_at, "priority": priority});
        world.publish(&event).await?;
    }
    for order in &orders {
        world.waits(*order).await?;
    }
    let in_line = [most_urgent, urgent, old, young];
    world.in_line(&in_line).await?;

    let courier = world.publish_courier(1).await?;
    let assigned = world.assigned(&orders).await?;
    assert!(assigned.values().all(|by| *by == courier), "{assigned:?}");
    for (score, order) in (0..).zip(in_line) {
        assert_eq!(world.assignment(order).await?.context("a decision")?.score, Some(score));
    }
    world.nothing_dead().await
}
