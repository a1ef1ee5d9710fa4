//! What an order went through, and what a courier had to do.

use anyhow::Result;
use chrono::{DateTime, Utc};
use e2e::{World, events};
use serde_json::{Value, json};
use uuid::Uuid;

/// The pages of an order's history, two entries each: type, status, courier and cause of all.
async fn history(world: &World, order: Uuid) -> Result<(Vec<Value>, Vec<Value>)> {
    let entries = world.orders().list(&format!("/orders/{order}/history?limit=2")).await?;
    let told = entries.iter().map(|entry| json!([entry["type"], entry["status"], entry["courierId"], entry["cause"]]));
    Ok((told.collect(), entries.clone()))
}

#[tokio::test]
async fn each_change_is_there_with_its_time_and_its_cause() -> Result<()> {
    let world = World::new().await?;
    let decisions = world.decisions().await?;
    let order = Uuid::new_v4();
    let told = world.events_of(order).await?;
    let [first, second] = [world.publish_courier(1).await?, world.publish_courier(2).await?];
    let body = json!({"orderId": order, "details": "a", "zone": world.zone});
    world.orders().post("/orders", &body).await?.expect(201)?;
    world.stands(order, "assigned", Some(first)).await?;
    world.publish(&events::step_by("OrderRejected", order, first)).await?;
    world.stands(order, "assigned", Some(second)).await?;
    let path = format!("/orders/{order}/assign");
    world.assignments().post(&path, &json!({"courierId": first})).await?.expect(202)?;
    world.stands(order, "assigned", Some(first)).await?;
    world.orders().post(&format!("/orders/{order}/pickup"), &json!({})).await?.expect(202)?;
    world.publish(&events::step("OrderDelivered", order)).await?;
    world.stands(order, "delivered", Some(first)).await?;
    // What changes nothing is no part of it.
    world.publish(&events::step("OrderCancelled", order)).await?;
    world.taken_in(order, "OrderCancelled", 1).await?;

    let (story, entries) = history(&world, order).await?;
    let expected = [
        json!(["AddOrder", "pending", null, null]),
        json!(["OrderAssigned", "assigned", first, null]),
        json!(["OrderUnassigned", "pending", first, "rejected"]),
        json!(["OrderAssigned", "assigned", second, null]),
        json!(["OrderUnassigned", "pending", second, "manual"]),
        json!(["OrderAssigned", "assigned", first, "manual"]),
        json!(["OrderPickedUp", "picked_up", first, "api"]),
        json!(["OrderDelivered", "delivered", first, "event"]),
    ];
    assert_eq!(story, expected);
    let times: Vec<DateTime<Utc>> = entries.iter().filter_map(|entry| entry["at"].as_str()?.parse().ok()).collect();
    assert_eq!(times.len(), entries.len());
    assert!(times.is_sorted(), "{times:?}");

    // The ids and times are those that were published.
    let mut published = decisions.until_types("all decisions", &[("OrderAssigned", 3), ("OrderUnassigned", 2)]).await?;
    published.extend(told.until_types("the pickup", &[("OrderPickedUp", 1)]).await?);
    let of_ours = ["OrderAssigned", "OrderUnassigned", "OrderPickedUp"];
    for event in published.iter().map(|come| &come.event).filter(|event| of_ours.iter().any(|k| event["type"] == *k)) {
        let entry = entries.iter().find(|entry| entry["eventId"] == event["eventId"]);
        let shown = entry.map(|entry| (&entry["at"], &entry["type"]));
        assert_eq!(shown, Some((&event["occurredAt"], &event["type"])), "{event}");
    }
    world.nothing_dead().await
}

#[tokio::test]
async fn a_history_of_nothing_and_a_bad_question_are_refused() -> Result<()> {
    let world = World::new().await?;
    let orders = world.orders();
    let unknown = Uuid::new_v4();
    orders.get(&format!("/orders/{unknown}/history")).await?.problem(404, "order-not-found", None)?;
    for (field, path) in [
        ("orderId", "/orders/b87261aa/history".to_owned()),
        ("limit", format!("/orders/{unknown}/history?limit=0")),
        ("cursor", format!("/orders/{unknown}/history?cursor=nonsense")),
    ] {
        orders.get(&path).await?.problem(400, "invalid-request", Some(field))?;
    }
    Ok(())
}

#[tokio::test]
async fn a_couriers_orders_are_listed_by_status() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(world.next_order().await?.0);
    }
    let [assigned, picked_up, delivered, cancelled, lost] = orders[..] else { unreachable!() };
    for (kind, order, status) in [
        ("OrderPickedUp", picked_up, "picked_up"),
        ("OrderDelivered", delivered, "delivered"),
        ("OrderCancelled", cancelled, "cancelled"),
    ] {
        world.publish(&events::step(kind, order)).await?;
        world.stands(order, status, Some(courier)).await?;
    }
    world.publish(&events::step_by("OrderRejected", lost, courier)).await?;
    world.stands(lost, "pending", None).await?;

    let list = async |query: &str| -> Result<Vec<Value>> {
        let pairs = world.couriers().list(&format!("/couriers/{courier}/orders?limit=2{query}")).await?;
        Ok(pairs.iter().map(|pair| json!([pair["orderId"], pair["status"]])).collect())
    };
    let shown = [(cancelled, "cancelled"), (delivered, "delivered"), (picked_up, "picked_up"), (assigned, "assigned")];
    assert_eq!(
        list("").await?,
        shown.map(|(order, status)| json!([order, status])),
        "the latest first, without the lost"
    );
    for (order, status) in shown {
        assert_eq!(list(&format!("&status={status}")).await?, [json!([order, status])]);
    }
    assert_eq!(list("&status=pending").await?, [json!(null); 0]);
    for (order, status) in shown {
        let of_zone = world.orders().list(&format!("/orders?zone={}&status={status}", world.zone)).await?;
        assert_eq!(of_zone.iter().map(|shown| &shown["orderId"]).collect::<Vec<_>>(), [&json!(order)]);
    }
    world.nothing_dead().await
}
