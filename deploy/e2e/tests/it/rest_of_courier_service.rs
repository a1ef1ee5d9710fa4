//! courier-service's REST API: registering couriers and changing them.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use e2e::{World, events};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn a_courier_is_registered_then_changed() -> Result<()> {
    let world = World::new().await?;
    let events = world.events().await?;
    let (courier, zone, before) = (Uuid::new_v4(), &world.zone, Utc::now());
    let path = format!("/couriers/{courier}");
    world.couriers().get(&path).await?.problem(404, "courier-not-found", None)?;

    let answer = world.couriers().put(&path, &json!({"name": "first_courirer", "zone": zone})).await?;
    assert_eq!(answer.header("location"), path);
    let registered = answer.expect(201)?;
    let expected = json!({
        "courierId": courier, "name": "first_courirer", "zone": zone, "isAvailable": true, "capacity": null,
        "updatedAt": registered["updatedAt"],
    });
    assert_eq!(registered, expected, "who is new takes orders, if nothing else is said");
    let updated_at: DateTime<Utc> = registered["updatedAt"].as_str().context("a time")?.parse()?;
    assert!(before <= updated_at && updated_at <= Utc::now(), "{registered}");
    assert_eq!(world.couriers().get(&path).await?.expect(200)?, registered);
    assert_eq!(world.available(1).await?, [(courier, 0)]);
    world.couriers().get(&format!("{path}/orders")).await?.expect(200)?;

    let answer = world.couriers().post(&format!("{path}/unavailable"), &json!(null)).await?;
    assert_eq!(answer.header("location"), path);
    assert_eq!(answer.expect(202)?["isAvailable"], false);
    world.availability(courier, false).await?;
    world.available(0).await?;
    let answer = world.couriers().put(&path, &json!({"name": "Zoë", "zone": zone, "capacity": 5})).await?;
    assert_eq!(answer.header("location"), path);
    let changed = answer.expect(202)?;
    let expected = json!({
        "courierId": courier, "name": "Zoë", "zone": zone, "isAvailable": false, "capacity": 5,
        "updatedAt": changed["updatedAt"],
    });
    assert_eq!(changed, expected, "where nothing is said of it, they stay as available as they were");
    // A body is not asked for.
    let request = world.couriers().request(reqwest::Method::POST, &format!("{path}/available"));
    let back = e2e::Answer::to(request).await?.expect(202)?;
    assert_eq!((&back["isAvailable"], &back["capacity"], &back["name"]), (&json!(true), &json!(5), &json!("Zoë")));
    assert_eq!(world.available(1).await?, [(courier, 0)]);
    assert_eq!(world.load(courier).await?.context("a load")?.capacity, Some(5));
    assert_eq!(world.couriers().get(&path).await?.expect(200)?, back);

    let published = events.until("four events", |all| all.len() >= 4).await?;
    let mut said: Vec<_> = published.iter().map(|received| &received.event).collect();
    said.sort_by_key(|event| events::occurred_at(event));
    let availability: Vec<_> = said.iter().map(|event| event["isAvailable"] == true).collect();
    assert_eq!(availability, [true, false, false, true]);
    let last = said[3];
    let expected = json!({
        "type": "AddCourier", "eventId": last["eventId"], "occurredAt": back["updatedAt"], "courierId": courier,
        "name": "Zoë", "zone": zone, "isAvailable": true, "capacity": 5,
    });
    assert_eq!(*last, expected);
    world.nothing_dead().await
}

/// One who came by an event is known and changed like any other.
#[tokio::test]
async fn a_courier_who_was_injected_is_changed_over_rest() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let path = format!("/couriers/{courier}");
    world.registered(courier).await?;
    let body = json!({"name": "b", "zone": world.zone, "isAvailable": false});
    world.couriers().put(&path, &body).await?.expect(202)?;
    world.availability(courier, false).await?;
    let order = world.publish_order().await?;
    world.waits(order).await?;
    world.couriers().post(&format!("{path}/available"), &json!(null)).await?.expect(202)?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    world.nothing_dead().await
}
