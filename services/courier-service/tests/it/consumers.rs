//! What the queues bring, on the real SQS, to the real binary.

use anyhow::{Context as _, Result};
use dispatch_contracts::id::{CourierId, OrderId};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{ServiceProcess, database, eventually, queues::Depth};
use uuid::Uuid;

use crate::support::{World, assigned, courier_id, injected, order_id};

const SEED: &str = include_str!("../../../../proto/golden/seed-courier.json");

/// Waits until the courier is shown.
async fn shows(service: &ServiceProcess, courier_id: CourierId) -> Result<Value> {
    eventually(&format!("{courier_id} is known"), || async {
        let answer = service.get(&format!("/couriers/{courier_id}")).await?;
        Ok((answer.status == 200).then_some(answer.body))
    })
    .await
}

#[tokio::test]
async fn the_seed_courier_is_understood_raw_and_in_the_envelope() -> Result<()> {
    for raw in [true, false] {
        let world = World::create().await?;
        world.topic.subscribe(&world.events, raw).await?;
        let service = world.start(&[]).await?;
        world.topic.publish(SEED.trim_end()).await?;
        let courier = shows(&service, "a97261aa-2907-498e-aa24-3bce25590a46".parse()?).await?;
        assert_eq!(
            (&courier["name"], &courier["zone"], &courier["isAvailable"], &courier["capacity"]),
            (&json!("first_courirer"), &json!("S"), &json!(true), &json!(null))
        );
        world.events.drained().await?;
        assert!(world.events.dead_letters().await?.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn stale_news_and_duplicates_change_nothing() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let id = courier_id();
    let newest = injected(id, "new", "2026-01-02T00:00:00Z");
    world.events.send(&[newest.clone(), injected(id, "old", "2026-01-01T00:00:00Z"), newest.clone()]).await?;
    world.events.drained().await?;
    world.events.send(&[injected(id, "old", "2026-01-01T12:00:00Z"), newest]).await?;
    world.events.drained().await?;
    let courier = shows(&service, id).await?;
    assert_eq!((&courier["zone"], &courier["updatedAt"]), (&json!("new"), &json!("2026-01-02T00:00:00Z")));
    Ok(())
}

#[tokio::test]
async fn an_order_has_one_courier_the_one_of_the_newest_decision() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let (order, one, two) = (order_id(), courier_id(), courier_id());
    let newest = assigned(order, one, "2026-01-02T00:00:00Z");
    // The courier is not known yet; the pair is there all the same.
    world.assignments.send(&[newest.clone(), assigned(order, two, "2026-01-01T00:00:00Z"), newest]).await?;
    world.assignments.drained().await?;
    let path = format!("/orders/{order}/courier");
    assert_eq!(service.get(&path).await?.body["courierId"], json!(one));
    service.get(&format!("/couriers/{two}/orders")).await?.problem(404, "courier-not-found")?;

    let unassigned = json!({
        "type": "OrderUnassigned", "orderId": order, "courierId": one, "zone": "S",
        "unassignedAt": "2026-01-03T00:00:00Z", "eventId": Uuid::new_v4(),
    });
    world.assignments.send(&[unassigned.to_string()]).await?;
    world.assignments.drained().await?;
    service.get(&path).await?.problem(404, "order-not-assigned")?;
    world.assignments.send(&[assigned(order, two, "2026-01-04T00:00:00Z")]).await?;
    world.assignments.drained().await?;
    assert_eq!(service.get(&path).await?.body["courierId"], json!(two));
    Ok(())
}

#[tokio::test]
async fn the_steps_of_an_order_are_shown_and_what_is_impossible_is_counted_once() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let (order, called_off, one, two) = (order_id(), order_id(), courier_id(), courier_id());
    let step = |kind: &str, order: OrderId, who: Option<CourierId>, at: &str| {
        let event_id = Uuid::new_v4();
        json!({"type": kind, "orderId": order, "courierId": who, "occurredAt": at, "eventId": event_id}).to_string()
    };
    // The steps come before the assignment that makes them possible; one order is called off before anybody has it.
    let steps = [
        step("OrderDelivered", order, None, "2026-01-01T00:00:03Z"),
        step("OrderPickedUp", order, Some(one), "2026-01-01T00:00:02Z"),
        step("OrderCancelled", called_off, None, "2026-01-01T00:00:00Z"),
    ];
    world.events.send(&steps).await?;
    world.events.drained().await?;
    let assignments = [assigned(order, one, "2026-01-01T00:00:01Z"), assigned(called_off, one, "2026-01-01T00:00:01Z")];
    world.assignments.send(&assignments).await?;
    world.assignments.drained().await?;
    let late = [
        step("OrderCancelled", order, None, "2026-01-01T00:00:04Z"),
        step("OrderPickedUp", order, Some(two), "2026-01-01T00:00:01.5Z"),
        step("OrderRejected", order, Some(one), "2026-01-01T00:00:01.5Z"),
    ];
    for _ in 0..2 {
        world.events.send(&late).await?;
        world.events.drained().await?;
    }
    let pair = json!({
        "orderId": order, "courierId": one, "zone": "S", "assignedAt": "2026-01-01T00:00:01Z", "status": "delivered",
    });
    assert_eq!(service.get(&format!("/orders/{order}/courier")).await?.body, pair);
    for filter in ["", "?status=delivered"] {
        let listed = service.get(&format!("/couriers/{one}/orders{filter}")).await?.body;
        assert_eq!(listed, json!({"items": [pair], "nextCursor": null}));
    }
    service.get(&format!("/orders/{called_off}/courier")).await?.problem(404, "order-not-assigned")?;
    let metrics = service.request(Method::GET, "/metrics").send().await?.error_for_status()?.text().await?;
    for (kind, reason) in [
        ("OrderDelivered", "impossible"),
        ("OrderPickedUp", "impossible"),
        ("OrderAssigned", "impossible"),
        ("OrderCancelled", "impossible"),
        ("OrderPickedUp", "somebody-else"),
    ] {
        let line = format!("dispatch_events_refused_total{{type=\"{kind}\",reason=\"{reason}\"}} 1");
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
    assert_eq!(
        metrics
            .lines()
            .filter(|line| line.starts_with("dispatch_events_refused_total{") && !line.ends_with(" 0"))
            .count(),
        5,
        "{metrics}"
    );
    assert!(world.events.dead_letters().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn our_own_news_comes_back_and_changes_nothing() -> Result<()> {
    let world = World::create().await?;
    world.topic.subscribe(&world.events, true).await?;
    let service = world.start(&[]).await?;
    let path = format!("/couriers/{}", courier_id());
    service.put(&path, &json!({"name": "a", "zone": "S"})).await?;
    service.post(&format!("{path}/unavailable"), &json!({})).await?;
    let known = service.get(&path).await?.body;
    database::outbox_emptied(&world.pool().await?).await?;
    world.events.drained().await?;
    assert_eq!(service.get(&path).await?.body, known);
    Ok(())
}

#[tokio::test]
async fn poison_is_put_aside_with_its_reason_and_hurts_nobody() -> Result<()> {
    let world = World::create().await?;
    let at = "2026-01-01T00:00:00Z";
    let good: Vec<CourierId> = (0..20).map(|_| courier_id()).collect();
    let poison = [
        ("hello".to_owned(), "not JSON"),
        (json!({"courierId": "no-uuid", "name": "a", "zone": "S", "isAvailable": true}).to_string(), "courierId"),
        (injected(courier_id(), "{S}", at), "zone"),
        (injected(courier_id(), "S", at).replace("true", "\"yes\""), "isAvailable"),
    ];
    let mut bodies: Vec<String> = good.iter().map(|id| injected(*id, "S", at)).collect();
    for (position, (body, _)) in poison.iter().enumerate() {
        bodies.insert(position * 5 + 2, body.clone());
    }
    bodies.push(json!({"type": "CourierPainted", "courierId": good[0]}).to_string());
    bodies.push(json!({"type": "OrderDelivered", "orderId": order_id(), "courierId": good[0]}).to_string());
    world.events.send(&bodies).await?;
    let assigned_badly = assigned(order_id(), courier_id(), "yesterday");
    world.assignments.send(std::slice::from_ref(&assigned_badly)).await?;

    let service = world.start(&[]).await?;
    for id in good {
        shows(&service, id).await?;
    }
    world.events.drained().await?;
    world.assignments.drained().await?;
    let mut dead = world.events.dead_letters().await?;
    assert_eq!(dead.len(), poison.len(), "{dead:?}");
    dead.extend(world.assignments.dead_letters().await?);
    for (body, reason) in poison.iter().chain([&(assigned_badly, "assignedAt")]) {
        let letter = dead.iter().find(|letter| letter.body() == Some(body)).context("a dead letter")?;
        let attributes = letter.message_attributes().context("attributes")?;
        let told = attributes.get("failureReason").and_then(|attribute| attribute.string_value());
        assert!(told.is_some_and(|told| told.contains(reason)), "{reason}: {told:?}");
    }
    Ok(())
}

#[tokio::test]
async fn sigterm_in_the_midst_of_it_loses_nothing() -> Result<()> {
    let world = World::create().await?;
    let who = courier_id();
    let bodies: Vec<String> = (0..600).map(|_| assigned(order_id(), who, "2026-01-01T00:00:00Z")).collect();
    world.assignments.send(&bodies).await?;
    let slowly = [("RECEIVERS", "1"), ("WORKERS", "1"), ("MAX_IN_FLIGHT", "20"), ("MAX_BATCH", "5")];
    let service = world.start(&slowly).await?;
    let pool = world.pool().await?;
    let count = async || anyhow::Ok(sqlx::query_scalar::<_, i64>("SELECT count(*) FROM pairs").fetch_one(&pool).await?);
    eventually("it has begun", || async { Ok((count().await? > 0).then_some(())) }).await?;
    service.stop().await?;
    let (recorded, left) = (count().await?, world.assignments.depth().await?);
    assert_eq!(left.in_flight, 0, "what was received was settled");
    assert_eq!(recorded + i64::from(left.visible), 600, "each is recorded or still there");

    let service = world.start(&[]).await?;
    world.assignments.drained().await?;
    assert_eq!(count().await?, 600);
    assert_eq!(world.assignments.depth().await?, Depth::EMPTY);
    assert!(world.assignments.dead_letters().await?.is_empty());
    service.stop().await
}
