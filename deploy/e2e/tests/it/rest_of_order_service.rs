//! order-service's REST API: making orders.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use e2e::{Answer, World};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test]
async fn an_order_is_made_published_and_assigned() -> Result<()> {
    let world = World::new().await?;
    let (events, decisions) = (world.events().await?, world.decisions().await?);
    let courier = world.publish_courier(1).await?;
    let (order, zone, before) = (Uuid::new_v4(), &world.zone, Utc::now());
    let body = json!({"orderId": order, "details": "", "zone": zone, "priority": 3, "unknown": [1]});
    let request = world.orders().request(Method::POST, "/orders").json(&body);
    let made = Answer::to(request.header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))).await?;
    assert_eq!(made.header("location"), format!("/orders/{order}"));
    let made = made.expect(201)?;
    let expected = json!({
        "orderId": order, "details": "", "zone": zone, "status": "pending", "priority": 3, "addedAt": made["addedAt"],
        "courierId": null, "assignedAt": null,
    });
    assert_eq!(made, expected);
    let added_at: DateTime<Utc> = made["addedAt"].as_str().context("a time")?.parse()?;
    assert!(before <= added_at && added_at <= Utc::now(), "{made}");
    assert_eq!(world.assigned(&[order]).await?[&order], courier);

    let published = events.until_orders("the order", &[order]).await?;
    let [added] = published[&order].as_slice() else { panic!("one event: {published:?}") };
    let event = &added.event;
    let expected = json!({
        "type": "AddOrder", "eventId": event["eventId"], "occurredAt": made["addedAt"], "orderId": order, "details": "",
        "zone": zone, "addedAt": made["addedAt"], "priority": 3,
    });
    assert_eq!(*event, expected);
    assert_eq!((added.attributes["eventType"].as_str(), added.attributes.len()), ("AddOrder", 3));
    assert_eq!(Some(added.attributes["eventId"].as_str()), event["eventId"].as_str());
    let decided = decisions.until_orders("the decision", &[order]).await?;
    let [decision] = decided[&order].as_slice() else { panic!("one decision: {decided:?}") };
    for attributes in [&added.attributes, &decision.attributes] {
        assert_eq!(attributes["traceparent"].split('-').nth(1), Some(TRACE));
    }
    world.nothing_dead().await
}

#[tokio::test]
async fn the_service_chooses_an_id_where_the_client_does_not() -> Result<()> {
    let world = World::new().await?;
    let body = json!({"details": "Buy something", "zone": world.zone});
    let mut ids = Vec::new();
    // The second one as `curl -d` sends it: nobody has to say that it is JSON.
    for content_type in ["application/json", "application/x-www-form-urlencoded"] {
        let request = world.orders().request(Method::POST, "/orders").header("content-type", content_type);
        let made = Answer::to(request.body(body.to_string())).await?;
        let order = made.expect(201)?;
        let id: Uuid = order["orderId"].as_str().context("an id")?.parse()?;
        assert_eq!(made.header("location"), format!("/orders/{id}"));
        assert_eq!(order["priority"], 0);
        assert_eq!(world.orders().get(made.header("location")).await?.expect(200)?, order);
        ids.push(id);
    }
    assert_ne!(ids[0], ids[1], "without a key each request is another order");
    world.nothing_dead().await
}

#[tokio::test]
async fn the_same_request_again_makes_no_second_order() -> Result<()> {
    let world = World::new().await?;
    let events = world.events().await?;
    let (order, zone) = (Uuid::new_v4(), &world.zone);
    let body = json!({"orderId": order, "details": "Buy something", "zone": zone});
    let made = world.orders().post("/orders", &body).await?.expect(201)?;
    for _ in 0..2 {
        let again = world.orders().post("/orders", &body).await?;
        assert_eq!(again.header("location"), format!("/orders/{order}"));
        assert_eq!(again.expect(200)?, made);
    }

    let keyed = |key: &str, body: &Value| {
        Answer::to(world.orders().request(Method::POST, "/orders").header("Idempotency-Key", key).json(body))
    };
    let (key, body) = (Uuid::new_v4().to_string(), json!({"details": "Sell", "zone": zone}));
    let first = keyed(&key, &body).await?;
    let keyed_order = first.expect(201)?;
    let courier = world.publish_courier(1).await?;
    let keyed_id: Uuid = keyed_order["orderId"].as_str().context("an id")?.parse()?;
    assert_eq!(world.assigned(&[keyed_id]).await?[&keyed_id], courier);
    for _ in 0..2 {
        // The answer is the first one, not how the order is now.
        let again = keyed(&key, &body).await?;
        assert_eq!((again.expect(201)?, again.header("location")), (keyed_order.clone(), first.header("location")));
    }
    // Where the order was there before, the key keeps that answer.
    let (key, body) = (Uuid::new_v4().to_string(), json!({"orderId": order, "details": "Buy something", "zone": zone}));
    let first = keyed(&key, &body).await?.expect(200)?;
    assert_eq!(keyed(&key, &body).await?.expect(200)?, first);

    // A last order: when it is published and assigned, nothing of the others is still to come.
    let last = world.publish_order().await?;
    world.assigned(&[order, last]).await?;
    assert_eq!(world.orders().list(&format!("/orders?zone={zone}")).await?.len(), 3);
    let published = events.until_orders("the last order", &[order, keyed_id, last]).await?;
    assert_eq!(published.len(), 3);
    assert!(published.values().all(|events| events.len() == 1), "{published:?}");
    world.nothing_dead().await
}

/// An order that was injected is the same as one that was made here.
#[tokio::test]
async fn an_order_that_was_injected_is_shown_and_not_made_again() -> Result<()> {
    let world = World::new().await?;
    let order = world.publish_order().await?;
    let courier = world.publish_courier(1).await?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    let same = json!({"orderId": order, "details": "Buy something", "zone": world.zone});
    let shown = world.orders().post("/orders", &same).await?.expect(200)?;
    assert_eq!((&shown["status"], &shown["courierId"]), (&json!("assigned"), &json!(courier)));
    let other = json!({"orderId": order, "details": "Sell something", "zone": world.zone});
    world.orders().post("/orders", &other).await?.problem(409, "order-conflict", None)?;
    world.nothing_dead().await
}
