//! assignment-service's REST API: who got what and why, what waits and why, and what happened.

use anyhow::{Context as _, Result};
use e2e::World;
use serde_json::{Value, json};
use test_support::eventually;

#[tokio::test]
async fn a_decision_says_what_it_was_based_on() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let runner_up = world.publish_courier(2).await?;
    let order = world.publish_order().await?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier, "who has waited longest");
    let shown = world.orders().get(&format!("/orders/{order}")).await?.expect(200)?;
    let decision = world.assignments().get(&format!("/orders/{order}/decision")).await?.expect(200)?;
    let expected = json!({
        "orderId": order, "zone": world.zone, "status": "assigned", "priority": 0, "addedAt": shown["addedAt"],
        "courierId": courier, "assignedAt": shown["assignedAt"], "score": 0, "runnerUp": runner_up, "candidates": 2,
        "cause": null, "waiting": null,
    });
    assert_eq!(decision, expected);

    let zone = world.assignments().get(&format!("/zones/{}", world.zone)).await?.expect(200)?;
    let entry =
        |courier, open| json!({"courierId": courier, "isAvailable": true, "openOrders": open, "capacity": null});
    let expected = json!({
        "zone": world.zone, "availableCouriers": 2, "waitingOrders": 0, "openOrders": 1,
        "couriers": [entry(runner_up, 0), entry(courier, 1)], "waiting": [],
    });
    assert_eq!(zone, expected);
    let zones = world.assignments().list("/zones?limit=100").await?;
    let ours: Vec<_> = zones.iter().filter(|zone| zone["zone"] == world.zone).collect();
    assert_eq!(ours, [&json!({"zone": world.zone, "availableCouriers": 2, "waitingOrders": 0, "openOrders": 1})]);
    Ok(())
}

#[tokio::test]
async fn an_order_that_waits_says_why() -> Result<()> {
    let world = World::new().await?;
    let [first, second] = [world.publish_order().await?, world.publish_order().await?];
    world.waits(first).await?;
    world.waits(second).await?;
    let mut places = Vec::new();
    for order in [first, second] {
        let decision = world.assignments().get(&format!("/orders/{order}/decision")).await?.expect(200)?;
        for nobody_yet in ["courierId", "assignedAt", "score", "runnerUp", "candidates"] {
            assert_eq!(decision[nobody_yet], json!(null), "{decision}");
        }
        assert_eq!(decision["status"], "pending");
        let waiting = &decision["waiting"];
        assert_eq!((&waiting["reason"], &waiting["availableCouriers"]), (&json!("nobody-available"), &json!(0)));
        places.push(waiting["place"].as_u64().context("a place")?);
    }
    assert_eq!(places, [1, 2], "the older one first");
    let zone = world.assignments().get(&format!("/zones/{}", world.zone)).await?.expect(200)?;
    let line: Vec<_> = zone["waiting"].as_array().context("a line")?.iter().map(|order| &order["orderId"]).collect();
    assert_eq!(line, [&json!(first), &json!(second)]);

    world.in_line(&[first, second]).await?;
    let courier = world.publish_courier(1).await?;
    let assigned = world.assigned(&[first, second]).await?;
    assert!(assigned.values().all(|by| *by == courier), "{assigned:?}");
    let decision = world.assignments().get(&format!("/orders/{second}/decision")).await?.expect(200)?;
    assert_eq!((&decision["score"], &decision["waiting"]), (&json!(1), &json!(null)));
    world.nothing_dead().await
}

#[tokio::test]
async fn the_log_has_every_event_and_every_decision_once() -> Result<()> {
    let world = World::new().await?;
    let decisions = world.decisions().await?;
    let courier = world.publish_courier(1).await?;
    let order = world.publish_order().await?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    let published = decisions.until_orders("the decision", &[order]).await?;
    let decision = &published[&order].first().context("a decision")?.event;
    let types = |events: &[Value]| -> Vec<String> {
        events.iter().filter_map(|event| event["type"].as_str().map(str::to_owned)).collect()
    };

    let of_order = world.assignments().list(&format!("/events?orderId={order}&limit=1")).await?;
    assert_eq!(types(&of_order), ["AddOrder", "OrderAssigned"]);
    let (added, assigned) = (&of_order[0], &of_order[1]);
    assert_eq!(
        (&added["orderId"], &added["courierId"], &added["zone"]),
        (&json!(order), &json!(null), &json!(world.zone))
    );
    assert_eq!(added["payload"]["details"], "Buy something");
    assert!(added["sourceMessageId"].is_string() && assigned["sourceMessageId"].is_null(), "{of_order:?}");
    assert_eq!(assigned["eventId"], decision["eventId"]);
    assert_eq!(assigned["occurredAt"], decision["occurredAt"]);
    assert_eq!((&assigned["orderId"], &assigned["courierId"]), (&json!(order), &json!(courier)));
    assert_eq!(assigned["payload"]["assignedAt"], decision["assignedAt"]);
    // What is committed is in this list when nothing before it can be committed any more.
    let of_courier = eventually("both lines about the courier are settled", || async {
        let events = world.assignments().list(&format!("/events?courierId={courier}")).await?;
        Ok((events.len() > 1).then_some(events))
    });
    assert_eq!(types(&of_courier.await?), ["AddCourier", "OrderAssigned"]);
    let of_both = world.assignments().list(&format!("/events?courierId={courier}&orderId={order}")).await?;
    assert_eq!(of_both, std::slice::from_ref(assigned));

    // Another publication is another event, and changes nothing.
    world.publish(&e2e::events::order(order, &world.zone)).await?;
    let of_order = eventually("the second event is logged", || async {
        let events = world.assignments().list(&format!("/events?orderId={order}")).await?;
        Ok((events.len() > 2).then_some(events))
    });
    assert_eq!(types(&of_order.await?), ["AddOrder", "OrderAssigned", "AddOrder"]);
    world.nothing_dead().await
}
