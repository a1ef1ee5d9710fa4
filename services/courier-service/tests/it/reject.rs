//! A courier declines an order.

use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use courier_service::error::Error;
use dispatch_contracts::{id::CourierId, life::Change, order::OrderStatus, timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{TestQueue, database, http::send};
use trace::TraceParent;
use uuid::Uuid;

use crate::support::{UseCases, World, assigned, changed, courier_id, order_id, registration, second};

fn courier(number: u128) -> CourierId {
    Uuid::from_u128(number).into()
}

/// This machine's clock says 00:00:00; the assignment is newer.
#[tokio::test]
async fn it_is_published_as_newer_than_the_assignment_and_changes_nothing_yet() -> Result<()> {
    let world = UseCases::create().await?;
    let (id, who) = (order_id(), courier(1));
    world.pairs.record(&[changed(id, Change::Assigned(who), second(30)?, Uuid::new_v4())?]).await?;
    let pair = world.pairs.reject(who, id, TraceParent::start()).await?;
    assert_eq!(pair, world.pairs.of_order(id).await?);
    assert_eq!((pair.courier_id, pair.assigned_at, pair.status), (who, second(30)?, OrderStatus::Assigned));
    let first = world.outbox().await?;
    let expected = json!({
        "type": "OrderRejected", "eventId": first[0]["eventId"], "occurredAt": "2026-01-01T00:00:30.000001Z",
        "orderId": id, "courierId": who,
    });
    assert_eq!(first, [expected]);

    // Asked for again it is the same event.
    world.pairs.reject(who, id, TraceParent::start()).await?;
    assert_eq!(world.outbox().await?, first);
    // Also when it was published meanwhile, and later by the clock.
    sqlx::query("DELETE FROM outbox").execute(&world.pool).await?;
    world.pass(TimeDelta::hours(1));
    world.pairs.reject(who, id, TraceParent::start()).await?;
    assert_eq!(world.outbox().await?, first);
    world.pass(TimeDelta::hours(-1));
    // The same courier gets the same order again, and declines it again: that is another.
    world
        .pairs
        .record(&[
            changed(id, Change::Unassigned(who), second(31)?, Uuid::new_v4())?,
            changed(id, Change::Assigned(who), second(32)?, Uuid::new_v4())?,
        ])
        .await?;
    world.pass(TimeDelta::minutes(1));
    world.pairs.reject(who, id, TraceParent::start()).await?;
    let both = world.outbox().await?;
    assert_eq!(both.len(), 2);
    assert_eq!(both[1]["occurredAt"], timestamp::format(second(0)? + TimeDelta::minutes(1)));
    assert_ne!(both[1]["eventId"], both[0]["eventId"]);
    Ok(())
}

#[tokio::test]
async fn only_who_has_an_order_that_is_merely_assigned_declines_it() -> Result<()> {
    let world = UseCases::create().await?;
    let (me, other) = (courier(1), courier(2));
    for courier in [me, other] {
        world.couriers.register(&registration(courier)?, TraceParent::start()).await?;
    }
    let published = world.outbox().await?.len();
    let mine = Change::Assigned(me);
    let theirs = Change::Assigned(other);
    for (life, status, holder) in [
        (vec![mine, Change::Unassigned(me)], OrderStatus::Pending, None),
        (vec![mine, Change::PickedUp(None)], OrderStatus::PickedUp, Some(me)),
        (vec![mine, Change::Delivered(None)], OrderStatus::Delivered, None),
        (vec![theirs, Change::Delivered(None)], OrderStatus::Delivered, None),
        (vec![mine, Change::Cancelled], OrderStatus::Cancelled, None),
        (vec![Change::Cancelled], OrderStatus::Cancelled, None),
        (vec![theirs], OrderStatus::Assigned, Some(other)),
        (vec![mine, theirs, Change::PickedUp(None)], OrderStatus::PickedUp, Some(other)),
    ] {
        let id = order_id();
        let told = life.iter().zip(1..).map(|(change, at)| changed(id, *change, second(at)?, Uuid::new_v4()));
        world.pairs.record(&told.collect::<Result<Vec<_>>>()?).await?;
        let answer = world.pairs.reject(me, id, TraceParent::start()).await;
        let as_expected = match &answer {
            Err(Error::NotTheirOrder { status: told, courier_id }) => {
                holder == Some(other) && (*told, *courier_id) == (status, other)
            }
            Err(Error::ImpossibleTransition { status: told, courier_id }) => {
                holder != Some(other) && (*told, *courier_id) == (status, holder)
            }
            _ => false,
        };
        assert!(as_expected, "{life:?}: {answer:?}");
    }
    assert!(matches!(world.pairs.reject(me, order_id(), TraceParent::start()).await, Err(Error::OrderNotFound)));
    let stranger = world.pairs.reject(courier_id(), order_id(), TraceParent::start()).await;
    assert!(matches!(stranger, Err(Error::CourierNotFound)));
    assert_eq!(world.outbox().await?.len(), published);
    Ok(())
}

#[tokio::test]
async fn it_is_asked_for_over_rest() -> Result<()> {
    let world = World::create().await?;
    let published = TestQueue::create(&world.servers).await?;
    let service = world.start(&[]).await?;
    let (id, me, other) = (order_id(), courier_id(), courier_id());
    service.put(&format!("/couriers/{other}"), &json!({"name": "a", "zone": "S"})).await?;
    world.assignments.send(&[assigned(id, me, "2026-01-01T00:00:00Z")]).await?;
    world.assignments.drained().await?;
    database::outbox_emptied(&world.pool().await?).await?;
    world.topic.subscribe(&published, true).await?;
    world.topic.subscribe(&world.events, true).await?;
    let path = |courier: CourierId| format!("/couriers/{courier}/orders/{id}/reject");

    let not_theirs = service.post(&path(other), &json!({})).await?;
    not_theirs.problem(409, "not-their-order")?;
    assert_eq!((&not_theirs.body["orderStatus"], &not_theirs.body["courierId"]), (&json!("assigned"), &json!(me)));
    service.post(&path(courier_id()), &json!({})).await?.problem(404, "courier-not-found")?;
    let unknown = format!("/couriers/{me}/orders/{}/reject", order_id());
    service.post(&unknown, &json!({})).await?.problem(404, "order-not-found")?;
    for (path, field) in [
        (format!("/couriers/no-uuid/orders/{id}/reject"), "courierId"),
        (format!("/couriers/{me}/orders/no-uuid/reject"), "orderId"),
    ] {
        assert_eq!(service.post(&path, &json!({})).await?.problem(400, "invalid-request")?, [field]);
    }

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = service.request(Method::POST, &path(me));
    let answer = send(request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))).await?;
    let pair = json!({
        "orderId": id, "courierId": me, "zone": "S", "assignedAt": "2026-01-01T00:00:00Z", "status": "assigned",
    });
    let orders = format!("/couriers/{me}/orders");
    assert_eq!((answer.status.as_u16(), answer.header("location"), &answer.body), (202, Some(orders.as_str()), &pair));
    let event = published.take_at_least(1).await?.pop().context("an event")?;
    let body: Value = serde_json::from_str(event.body().context("a body")?)?;
    let expected = json!({
        "type": "OrderRejected", "eventId": body["eventId"], "occurredAt": body["occurredAt"], "orderId": id,
        "courierId": me,
    });
    assert_eq!(body, expected);
    let attribute = |name| event.message_attributes().and_then(|all| all.get(name)).and_then(|a| a.string_value());
    assert_eq!((attribute("eventType"), attribute("eventId")), (Some("OrderRejected"), body["eventId"].as_str()));
    assert!(attribute("traceparent").is_some_and(|parent| parent.contains(trace)));
    world.events.drained().await?;
    assert_eq!(service.get(&format!("/orders/{id}/courier")).await?.body, pair, "until it is decided");

    let picked_up = json!({"type": "OrderPickedUp", "orderId": id});
    world.events.send(&[picked_up.to_string()]).await?;
    world.events.drained().await?;
    let too_late = service.post(&path(me), &json!({})).await?;
    too_late.problem(409, "impossible-transition")?;
    assert_eq!((&too_late.body["orderStatus"], &too_late.body["courierId"]), (&json!("picked_up"), &json!(me)));
    Ok(())
}
