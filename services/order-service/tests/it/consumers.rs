//! What the queues bring, on the real SQS, to the real binary.

use anyhow::{Context as _, Result};
use dispatch_contracts::id::{CourierId, OrderId};
use reqwest::Method;
use serde_json::json;
use test_support::{ServiceProcess, eventually, queues::Depth};
use uuid::Uuid;

use crate::support::{World, injected, order_id};

const SEED: &str = include_str!("../../../../proto/golden/seed-order.json");

fn assigned(order_id: OrderId, courier_id: CourierId, at: &str) -> String {
    json!({
        "type": "OrderAssigned", "orderId": order_id, "courierId": courier_id, "zone": "S", "assignedAt": at,
        "eventId": Uuid::new_v4(),
    })
    .to_string()
}

/// Waits until the order shows this status.
async fn shows(service: &ServiceProcess, order_id: OrderId, status: &str) -> Result<serde_json::Value> {
    eventually(&format!("{order_id} is {status}"), || async {
        let answer = service.get(&format!("/orders/{order_id}")).await?;
        Ok((answer.body["status"] == status).then_some(answer.body))
    })
    .await
}

#[tokio::test]
async fn the_seed_order_is_understood_raw_and_in_the_envelope() -> Result<()> {
    for raw in [true, false] {
        let world = World::create().await?;
        world.topic.subscribe(&world.events, raw).await?;
        let service = world.start(&[]).await?;
        world.topic.publish(SEED.trim_end()).await?;
        let order = shows(&service, "b87261aa-2907-498e-aa24-3bce25590a46".parse()?, "pending").await?;
        assert_eq!((&order["details"], &order["zone"]), (&json!("Buy something"), &json!("S")));
        assert_eq!(order["addedAt"], "2021-07-18T10:22:10.170682Z");
        world.events.drained().await?;
        assert!(world.events.dead_letters().await?.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn duplicates_and_stale_news_change_nothing() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let (id, courier, other) = (order_id(), CourierId::from(Uuid::new_v4()), CourierId::from(Uuid::new_v4()));
    let newest = assigned(id, courier, "2026-01-02T00:00:00Z");
    // The assignment comes first, and each message several times.
    world.assignments.send(&[newest.clone(), newest.clone()]).await?;
    world.assignments.drained().await?;
    world.events.send(&[injected(id, "Buy"), injected(id, "Buy"), injected(id, "Sell")]).await?;
    shows(&service, id, "assigned").await?;
    world.assignments.send(&[assigned(id, other, "2026-01-01T00:00:00Z"), newest]).await?;
    world.events.send(&[injected(id, "Sell")]).await?;
    world.events.drained().await?;
    world.assignments.drained().await?;
    let order = shows(&service, id, "assigned").await?;
    assert_eq!((&order["courierId"], &order["assignedAt"]), (&json!(courier), &json!("2026-01-02T00:00:00Z")));
    // A standard queue promises no order, but of two contents one stays for good.
    assert!(order["details"] == "Buy" || order["details"] == "Sell");
    Ok(())
}

#[tokio::test]
async fn an_unassigned_order_waits_again() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let (id, courier) = (order_id(), CourierId::from(Uuid::new_v4()));
    world.events.send(&[injected(id, "Buy")]).await?;
    world.assignments.send(&[assigned(id, courier, "2026-01-01T00:00:00Z")]).await?;
    shows(&service, id, "assigned").await?;
    let unassigned = json!({
        "type": "OrderUnassigned", "orderId": id, "courierId": courier, "zone": "S",
        "unassignedAt": "2026-01-01T00:00:01Z", "eventId": Uuid::new_v4(),
    });
    world.assignments.send(&[unassigned.to_string()]).await?;
    let order = shows(&service, id, "pending").await?;
    assert_eq!((&order["courierId"], &order["assignedAt"]), (&json!(null), &json!(null)));
    Ok(())
}

#[tokio::test]
async fn an_order_that_was_called_off_before_it_came_is_cancelled() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let id = order_id();
    world.events.send(&[json!({"type": "OrderCancelled", "orderId": id}).to_string()]).await?;
    world.events.drained().await?;
    service.get(&format!("/orders/{id}")).await?.problem(404, "order-not-found")?;
    world.events.send(&[injected(id, "Buy")]).await?;
    let order = shows(&service, id, "cancelled").await?;
    assert_eq!((&order["courierId"], &order["assignedAt"]), (&json!(null), &json!(null)));
    Ok(())
}

#[tokio::test]
async fn what_is_impossible_is_acknowledged_and_counted_once() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let (id, courier, other) = (order_id(), CourierId::from(Uuid::new_v4()), CourierId::from(Uuid::new_v4()));
    let step = |kind: &str, who: Option<CourierId>, at: &str| {
        let event_id = Uuid::new_v4();
        json!({"type": kind, "orderId": id, "courierId": who, "occurredAt": at, "eventId": event_id}).to_string()
    };
    world.events.send(&[injected(id, "Buy")]).await?;
    world.assignments.send(&[assigned(id, courier, "2026-01-01T00:00:01Z")]).await?;
    shows(&service, id, "assigned").await?;
    let too_early = step("OrderDelivered", None, "2026-01-01T00:00:00Z");
    let by_another = step("OrderDelivered", Some(other), "2026-01-01T00:00:02Z");
    let rejected = step("OrderRejected", Some(courier), "2026-01-01T00:00:02Z");
    let picked_up = step("OrderPickedUp", Some(courier), "2026-01-01T00:00:03Z");
    let again = step("OrderPickedUp", None, "2026-01-01T00:00:04Z");
    for _ in 0..2 {
        let all = [&too_early, &by_another, &rejected, &picked_up].map(String::clone);
        world.events.send(&all).await?;
        world.events.drained().await?;
    }
    world.events.send(&[again]).await?;
    world.events.drained().await?;
    let order = shows(&service, id, "picked_up").await?;
    assert_eq!(order["courierId"], json!(courier));
    let metrics = text(&service, "/metrics").await?;
    for (kind, reason) in
        [("OrderDelivered", "impossible"), ("OrderDelivered", "somebody-else"), ("OrderPickedUp", "already")]
    {
        let line = format!("dispatch_events_refused_total{{type=\"{kind}\",reason=\"{reason}\"}} 1");
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
    assert_eq!(
        metrics
            .lines()
            .filter(|line| line.starts_with("dispatch_events_refused_total{") && !line.ends_with(" 0"))
            .count(),
        3,
        "{metrics}"
    );
    assert!(world.events.dead_letters().await?.is_empty());
    Ok(())
}

async fn text(service: &ServiceProcess, path: &str) -> Result<String> {
    Ok(service.request(Method::GET, path).send().await?.error_for_status()?.text().await?)
}

#[tokio::test]
async fn poison_is_put_aside_with_its_reason_and_hurts_nobody() -> Result<()> {
    let world = World::create().await?;
    let good: Vec<OrderId> = (0..20).map(|_| order_id()).collect();
    let poison = [
        ("hello".to_owned(), "not JSON"),
        (injected(order_id(), &"x".repeat(4097)), "details"),
        (json!({"orderId": "no-uuid", "details": "Buy", "zone": "S"}).to_string(), "orderId"),
        (injected(order_id(), "Buy").replace("\"S\"", "\"{S}\""), "zone"),
    ];
    let mut bodies: Vec<String> = good.iter().map(|id| injected(*id, "Buy")).collect();
    for (position, (body, _)) in poison.iter().enumerate() {
        bodies.insert(position * 5 + 2, body.clone());
    }
    bodies.push(json!({"type": "OrderPainted", "orderId": order_id()}).to_string());
    bodies.push(json!({"type": "OrderDelivered", "orderId": good[0]}).to_string());
    world.events.send(&bodies).await?;
    let assigned_badly = json!({"type": "OrderAssigned", "orderId": good[0], "courierId": 7, "zone": "S"}).to_string();
    world.assignments.send(std::slice::from_ref(&assigned_badly)).await?;

    let service = world.start(&[]).await?;
    for id in good {
        shows(&service, id, "pending").await?;
    }
    world.events.drained().await?;
    world.assignments.drained().await?;
    let mut dead = world.events.dead_letters().await?;
    assert_eq!(dead.len(), poison.len(), "{dead:?}");
    dead.extend(world.assignments.dead_letters().await?);
    for (body, reason) in poison.iter().chain([&(assigned_badly, "courierId")]) {
        let letter = dead.iter().find(|letter| letter.body() == Some(body)).context("a dead letter")?;
        let attributes = letter.message_attributes().context("attributes")?;
        let told = attributes.get("failureReason").and_then(|attribute| attribute.string_value());
        assert!(told.is_some_and(|told| told.contains(reason)), "{reason}: {told:?}");
    }
    Ok(())
}

/// What a version that cannot write its tables meets.
#[tokio::test]
async fn a_database_that_rejects_everything_makes_no_dead_letters_of_good_messages() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[("RETRY_MAX_SECONDS", "1"), ("WORKERS", "1")]).await?;
    let pool = world.pool().await?;
    let held = |in_flight| Depth { in_flight, ..Depth::EMPTY };
    let holds = async |count| {
        let what = format!("{count} messages are held");
        eventually(&what, || async { Ok((world.events.depth().await? == held(count)).then_some(())) }).await
    };
    // While the worker waits for the table with this one, the others gather to one batch.
    let before = order_id();
    let mut change = pool.begin().await?;
    sqlx::raw_sql("LOCK TABLE orders").execute(&mut *change).await?;
    world.events.send(&[injected(before, "Buy")]).await?;
    let waiting = "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database \
                   WHERE datname = current_database() AND relation = 'orders'::regclass AND NOT granted";
    eventually("the worker waits", || async {
        let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&pool).await?;
        Ok((waiting > 0).then_some(()))
    })
    .await?;
    let good: Vec<OrderId> = (0..60).map(|_| order_id()).collect();
    let mut bodies = Vec::new();
    for (position, id) in good.iter().enumerate() {
        bodies.push(injected(*id, "Buy"));
        // Kinds of messages that never touch the database lie among them.
        if position % 30 == 10 {
            bodies.push("hello".to_owned());
            bodies.push(json!({"type": "OrderPainted", "orderId": id}).to_string());
            bodies.push(json!({"type": "OrderRejected", "orderId": id, "courierId": Uuid::new_v4()}).to_string());
        }
    }
    world.events.send(&bodies).await?;
    holds(67).await?;
    let constraint = format!("ALTER TABLE orders ADD CONSTRAINT one CHECK (order_id = '{before}') NOT VALID");
    sqlx::raw_sql(sqlx::AssertSqlSafe(constraint)).execute(&mut *change).await?;
    change.commit().await?;
    holds(60).await?;
    let unknown = "dispatch_events_unknown_type_total 2\n";
    assert!(text(&service, "/metrics").await?.contains(unknown), "counted once");
    let dead = world.events.dead_letters().await?;
    assert!(dead.len() == 2 && dead.iter().all(|letter| letter.body() == Some("hello")), "{dead:?}");

    sqlx::raw_sql("ALTER TABLE orders DROP CONSTRAINT one").execute(&pool).await?;
    for id in good {
        shows(&service, id, "pending").await?;
    }
    world.events.drained().await?;
    assert!(world.events.dead_letters().await?.is_empty());
    assert!(text(&service, "/metrics").await?.contains(unknown), "also while the others were tried again");
    Ok(())
}

#[tokio::test]
async fn sigterm_in_the_midst_of_it_loses_nothing() -> Result<()> {
    let world = World::create().await?;
    let ids: Vec<OrderId> = (0..600).map(|_| order_id()).collect();
    let bodies: Vec<String> = ids.iter().map(|id| injected(*id, "Buy")).collect();
    world.events.send(&bodies).await?;
    let slowly = [("RECEIVERS", "1"), ("WORKERS", "1"), ("MAX_IN_FLIGHT", "20"), ("MAX_BATCH", "5")];
    let service = world.start(&slowly).await?;
    let pool = world.pool().await?;
    let count =
        async || anyhow::Ok(sqlx::query_scalar::<_, i64>("SELECT count(*) FROM orders").fetch_one(&pool).await?);
    eventually("it has begun", || async { Ok((count().await? > 0).then_some(())) }).await?;
    service.stop().await?;
    let (recorded, left) = (count().await?, world.events.depth().await?);
    assert_eq!(left.in_flight, 0, "what was received was settled");
    assert_eq!(recorded + i64::from(left.visible), 600, "each is recorded or still there");

    let service = world.start(&[]).await?;
    world.events.drained().await?;
    assert_eq!(count().await?, 600);
    assert_eq!(world.events.depth().await?, Depth::EMPTY);
    assert!(world.events.dead_letters().await?.is_empty());
    service.stop().await
}
