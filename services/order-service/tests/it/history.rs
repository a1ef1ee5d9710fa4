//! What is shown of an order's past.

use anyhow::Result;
use dispatch_contracts::{event::Cause, id::CourierId, life::Change, timestamp};
use order_service::{
    domain::{
        change::OrderChange,
        history::{Entry, Place},
        step::Step,
    },
    error::Error,
};
use serde_json::{Value, json};
use trace::TraceParent;
use uuid::Uuid;

use crate::support::{UseCases, add_order, changed, order_id, second};

fn courier(number: u128) -> CourierId {
    Uuid::from_u128(number).into()
}

fn event(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn as_json(entries: &[Entry]) -> Result<Value> {
    Ok(serde_json::to_value(entries)?)
}

#[tokio::test]
async fn it_tells_what_took_effect_in_the_order_of_its_time_and_why() -> Result<()> {
    let world = UseCases::create().await?;
    let id = order_id();
    let (a, b) = (courier(1), courier(2));
    let because = |cause, change: OrderChange| OrderChange { cause: Some(cause), ..change };
    let happened = |change, at, number| anyhow::Ok(changed(id, change, second(at)?, event(number)));
    // In no order, and with one that is impossible.
    world
        .orders
        .record_changes(&[
            happened(Change::PickedUp(None), 5, 5)?,
            because(Cause::Manual, happened(Change::Assigned(b), 4, 4)?),
            happened(Change::Delivered(Some(a)), 6, 6)?,
            because(Cause::Rejected, happened(Change::Unassigned(a), 3, 3)?),
            happened(Change::Assigned(a), 2, 2)?,
        ])
        .await?;
    assert!(matches!(world.orders.history(id, None).await, Err(Error::OrderNotFound)));
    world.orders.record_added(&[add_order(id, "Buy", "2026-01-01T00:00:01Z")?]).await?;
    let done = world.orders.take_step(id, Step::Deliver, TraceParent::start()).await?;
    assert_eq!(done.courier_id, Some(b));

    let entry = |at: u32, kind: &str, status: &str, courier: Option<CourierId>, cause: Option<&str>| {
        let number = (at > 1).then(|| event(at.into()));
        anyhow::Ok(json!({
            "at": timestamp::format(second(at)?), "type": kind, "status": status, "courierId": courier,
            "cause": cause, "eventId": number,
        }))
    };
    let told = world.orders.history(id, None).await?;
    let mut expected = vec![
        entry(1, "AddOrder", "pending", None, None)?,
        entry(2, "OrderAssigned", "assigned", Some(a), None)?,
        entry(3, "OrderUnassigned", "pending", Some(a), Some("rejected"))?,
        entry(4, "OrderAssigned", "assigned", Some(b), Some("manual"))?,
        entry(5, "OrderPickedUp", "picked_up", Some(b), Some("event"))?,
    ];
    let published = &world.outbox().await?[0];
    expected.push(json!({
        "at": "2026-01-01T00:00:06.000001Z", "type": "OrderDelivered", "status": "delivered", "courierId": b,
        "cause": "api", "eventId": published["eventId"],
    }));
    assert_eq!(as_json(&told)?, json!(expected));
    Ok(())
}

#[tokio::test]
async fn a_place_stays_where_it_is_when_older_news_comes() -> Result<()> {
    let world = UseCases::create().await?;
    let id = order_id();
    world.orders.record_added(&[add_order(id, "Buy", "2026-01-01T00:00:01Z")?]).await?;
    let tell = async |change, at, number| -> Result<()> {
        world.orders.record_changes(&[changed(id, change, second(at)?, event(number))]).await?;
        anyhow::Ok(())
    };
    tell(Change::Assigned(courier(1)), 10, 10).await?;
    tell(Change::PickedUp(None), 20, 20).await?;
    let behind = async |number: Option<u128>| {
        let place = Place { event_id: number.map(|number| event(number).into()) };
        let entries = world.orders.history(id, Some(place)).await?;
        anyhow::Ok(entries.iter().map(|entry| entry.r#type).collect::<Vec<_>>())
    };
    assert_eq!(behind(None).await?, ["OrderAssigned", "OrderPickedUp"]);
    assert_eq!(behind(Some(10)).await?, ["OrderPickedUp"]);
    // The pickup was somebody's before; and the assignment turns out to come after the end.
    tell(Change::Assigned(courier(2)), 5, 5).await?;
    tell(Change::Cancelled, 7, 7).await?;
    assert_eq!(behind(None).await?, ["OrderAssigned", "OrderCancelled"]);
    assert_eq!(behind(Some(5)).await?, ["OrderCancelled"]);
    assert!(behind(Some(10)).await?.is_empty(), "a place remains also when what was there had no effect after all");
    let elsewhere = Place { event_id: Some(event(99).into()) };
    assert!(matches!(world.orders.history(id, Some(elsewhere)).await, Err(Error::NoSuchPlace)));
    Ok(())
}
