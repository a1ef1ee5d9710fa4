//! The life of an order over the REST API of the real binary.

use anyhow::{Context as _, Result};
use dispatch_contracts::id::{CourierId, OrderId};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{ServiceProcess, TestQueue, database, eventually, http::send};
use uuid::Uuid;

use crate::support::{World, order_id};

async fn assigned(world: &World, service: &ServiceProcess) -> Result<(OrderId, CourierId)> {
    let (id, courier) = (order_id(), CourierId::from(Uuid::new_v4()));
    service.post("/orders", &json!({"orderId": id, "details": "Buy", "zone": "S"})).await?;
    let decision = json!({
        "type": "OrderAssigned", "orderId": id, "courierId": courier, "zone": "S",
        "assignedAt": "2026-01-01T00:00:00Z", "eventId": Uuid::new_v4(),
    });
    world.assignments.send(&[decision.to_string()]).await?;
    let path = format!("/orders/{id}");
    eventually("it is assigned", || async {
        Ok((service.get(&path).await?.body["status"] == "assigned").then_some(()))
    })
    .await?;
    // Whoever subscribes from here on gets what comes from here on.
    database::outbox_emptied(&world.pool().await?).await?;
    Ok((id, courier))
}

#[tokio::test]
async fn an_order_is_picked_up_and_delivered_and_its_history_tells_it() -> Result<()> {
    let world = World::create().await?;
    let published = TestQueue::create(&world.servers).await?;
    let service = world.start(&[]).await?;
    let (id, courier) = assigned(&world, &service).await?;
    // From here on, also to the service itself.
    world.topic.subscribe(&published, true).await?;
    world.topic.subscribe(&world.events, true).await?;
    let path = format!("/orders/{id}");
    let mut order = service.get(&path).await?.body;

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let pickup = service.request(Method::POST, &format!("{path}/pickup"));
    let pickup = send(pickup.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))).await?;
    order["status"] = json!("picked_up");
    assert_eq!((pickup.status.as_u16(), pickup.header("location"), &pickup.body), (202, Some(path.as_str()), &order));
    // Without a body, with an empty one, and with one that is not read.
    for body in ["", "{}", "nonsense"] {
        let again = send(service.request(Method::POST, &format!("{path}/pickup")).body(body)).await?;
        assert_eq!((again.status.as_u16(), &again.body), (202, &order), "{body:?}");
    }
    let delivered = service.post(&format!("{path}/deliver"), &json!({})).await?;
    order["status"] = json!("delivered");
    assert_eq!((delivered.status.as_u16(), &delivered.body), (202, &order));

    let mut messages = published.take_at_least(2).await?;
    world.events.drained().await?;
    assert_eq!(service.get(&path).await?.body, order, "what came back changed nothing");
    assert_eq!(published.take().await?.len(), 0, "each step is published once");
    messages.sort_by_key(|message| message.body().is_some_and(|body| body.contains("OrderDelivered")));
    let bodies = messages.iter().map(|message| Ok(serde_json::from_str(message.body().context("a body")?)?));
    let bodies = bodies.collect::<Result<Vec<Value>>>()?;
    let event = |kind: &str, told: &Value| {
        json!({
            "type": kind, "eventId": told["eventId"], "occurredAt": told["occurredAt"], "orderId": id,
            "courierId": courier,
        })
    };
    assert_eq!(bodies, [event("OrderPickedUp", &bodies[0]), event("OrderDelivered", &bodies[1])]);
    let attributes = messages[0].message_attributes().context("attributes")?;
    let attribute = |name| attributes.get(name).and_then(|attribute| attribute.string_value());
    assert_eq!((attribute("eventType"), attribute("eventId")), (Some("OrderPickedUp"), bodies[0]["eventId"].as_str()));
    assert!(attribute("traceparent").is_some_and(|parent| parent.contains(trace)));

    let history = format!("{path}/history");
    let all = service.get(&history).await?.body;
    let told = |n: usize| (all["items"][n]["type"].clone(), all["items"][n]["cause"].clone());
    assert_eq!(all["items"].as_array().map(Vec::len), Some(4), "{all}");
    assert_eq!(all["items"][0]["at"], order["addedAt"]);
    assert_eq!([told(2), told(3)], ["OrderPickedUp", "OrderDelivered"].map(|kind| (json!(kind), json!("api"))));
    let first = service.get(&format!("{history}?limit=3")).await?.body;
    let cursor = first["nextCursor"].as_str().context("a cursor")?;
    let second = service.get(&format!("{history}?limit=3&cursor={cursor}")).await?.body;
    assert_eq!(first["items"], json!(all["items"].as_array().context("items")?[..3]));
    assert_eq!(second, json!({"items": [all["items"][3]], "nextCursor": null}));
    service.stop().await
}

#[tokio::test]
async fn what_is_impossible_is_refused_with_how_the_order_is() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let (id, courier) = assigned(&world, &service).await?;
    let ask = async |step: &str| service.post(&format!("/orders/{id}/{step}"), &json!({})).await;
    let refused = ask("deliver").await?;
    refused.problem(409, "impossible-transition")?;
    assert_eq!((&refused.body["orderStatus"], &refused.body["courierId"]), (&json!("assigned"), &json!(courier)));
    assert_eq!(ask("cancel").await?.body["status"], "cancelled");
    for step in ["pickup", "deliver"] {
        let refused = ask(step).await?;
        refused.problem(409, "impossible-transition")?;
        assert_eq!((&refused.body["orderStatus"], refused.body.get("courierId")), (&json!("cancelled"), None));
    }
    assert_eq!(ask("cancel").await?.status, 202);

    for step in ["pickup", "deliver", "cancel"] {
        let unknown = service.post(&format!("/orders/{}/{step}", order_id()), &json!({})).await?;
        unknown.problem(404, "order-not-found")?;
        let malformed = service.post(&format!("/orders/no-uuid/{step}"), &json!({})).await?;
        assert_eq!(malformed.problem(400, "invalid-request")?, ["orderId"]);
        send(service.request(Method::GET, &format!("/orders/{id}/{step}")))
            .await?
            .problem(405, "method-not-allowed")?;
    }
    Ok(())
}

#[tokio::test]
async fn a_history_is_asked_for_as_any_list_is() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let order = json!({"details": "Buy", "zone": "S"});
    service.post("/orders", &order).await?;
    let made = service.post("/orders", &order).await?;
    let id = made.body["orderId"].as_str().context("an id")?;
    let of_orders = service.get("/orders?limit=1").await?.body["nextCursor"].as_str().context("a cursor")?.to_owned();
    for (path, field) in [
        ("/orders/no-uuid/history".to_owned(), "orderId"),
        (format!("/orders/{id}/history?limit=0"), "limit"),
        (format!("/orders/{id}/history?cursor=x"), "cursor"),
        (format!("/orders/{id}/history?cursor={of_orders}"), "cursor"),
    ] {
        assert_eq!(service.get(&path).await?.problem(400, "invalid-request").context(path.clone())?, [field], "{path}");
    }
    service.get(&format!("/orders/{}/history", order_id())).await?.problem(404, "order-not-found")?;
    Ok(())
}

#[tokio::test]
async fn of_two_instances_one_takes_the_step() -> Result<()> {
    let world = World::create().await?;
    let published = TestQueue::create(&world.servers).await?;
    let (one, two) = tokio::try_join!(world.start(&[]), world.start(&[]))?;
    let (id, _) = assigned(&world, &one).await?;
    world.topic.subscribe(&published, true).await?;
    let path = format!("/orders/{id}/pickup");
    let asked = (0..10).map(|n| (if n % 2 == 0 { &one } else { &two }).post(&path, &Value::Null));
    let answers = futures::future::try_join_all(asked).await?;
    assert!(answers.iter().all(|answer| answer.status == 202 && answer.body == answers[0].body), "{answers:?}");
    let mut events = published.take_at_least(1).await?;
    // Both have emptied the outbox when they have ended, so whatever they publish is there.
    one.stop().await?;
    two.stop().await?;
    events.extend(published.take().await?);
    assert_eq!(events.len(), 1, "{events:?}");
    Ok(())
}
