//! Requests to courier-service that break their format: the answer says which field is wrong, and nothing changes.

use anyhow::Result;
use e2e::{Answer, World};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn a_bad_registration_is_refused_and_changes_nothing() -> Result<()> {
    let world = World::new().await?;
    let (courier, zone) = (Uuid::new_v4(), &world.zone);
    let path = format!("/couriers/{courier}");
    let good = json!({"name": "a", "zone": zone});
    let registered = world.couriers().put(&path, &good).await?.expect(201)?;
    let events = world.events().await?;
    let put = |path: &str, body: Vec<u8>| {
        let request = world.couriers().request(Method::PUT, path).header("content-type", "application/json");
        Answer::to(request.body(body))
    };
    let with = |field: &str, value: Value| {
        let mut courier = good.clone();
        courier[field] = value;
        courier.to_string().into_bytes()
    };
    let bad = [
        ("body", Vec::new()),
        ("body", b"hello".to_vec()),
        ("body", vec![0xff, 0xfe]),
        ("body", json!([good]).to_string().into_bytes()),
        ("body", json!(["b", zone, true, null]).to_string().into_bytes()),
        ("name", with("name", json!(""))),
        ("name", with("name", json!("n".repeat(257)))),
        ("name", with("name", json!(7))),
        ("name", with("name", json!(null))),
        ("name", json!({"zone": zone}).to_string().into_bytes()),
        ("zone", with("zone", json!(""))),
        ("zone", with("zone", json!("z".repeat(65)))),
        ("zone", with("zone", json!("{S}"))),
        ("zone", with("zone", json!(["S"]))),
        ("zone", json!({"name": "a"}).to_string().into_bytes()),
        ("isAvailable", with("isAvailable", json!("yes"))),
        ("isAvailable", with("isAvailable", json!(1))),
        ("capacity", with("capacity", json!(-1))),
        ("capacity", with("capacity", json!(1_000_001))),
        ("capacity", with("capacity", json!("3"))),
    ];
    for (field, body) in bad {
        put(&path, body).await?.problem(400, "invalid-request", Some(field))?;
    }
    put(&path, with("name", json!("x".repeat(200 * 1024)))).await?.problem(413, "body-too-large", Some("body"))?;
    for id in ["a97261aa", &courier.simple().to_string(), "%7B%7D"] {
        let body = good.to_string().into_bytes();
        put(&format!("/couriers/{id}"), body).await?.problem(400, "invalid-request", Some("courierId"))?;
    }
    assert_eq!(world.couriers().get(&path).await?.expect(200)?, registered);

    // The longest that is allowed, after all of these: it alone is published.
    let last = json!({"name": "n".repeat(256), "zone": zone, "capacity": 1_000_000, "isAvailable": false});
    world.couriers().put(&path, &last).await?.expect(202)?;
    let published = events.until("the last registration", |all| all.iter().any(|e| e.event["capacity"].is_number()));
    let published = published.await?;
    let names: Vec<_> = published.iter().map(|received| received.event["name"].clone()).collect();
    // The first registration may have been published after the subscription was made.
    assert!(names.iter().all(|name| *name == "a" || *name == last["name"]) && names.len() <= 2, "{names:?}");
    assert_eq!(world.couriers().list(&format!("/couriers?zone={zone}")).await?.len(), 1);
    world.nothing_dead().await
}

#[tokio::test]
async fn a_bad_question_is_refused() -> Result<()> {
    let world = World::new().await?;
    let couriers = world.couriers();
    let unknown = Uuid::new_v4();
    let long = "z".repeat(65);
    for (field, path) in [
        ("courierId", "/couriers/a97261aa".to_owned()),
        ("courierId", format!("/couriers/{}", unknown.simple())),
        ("courierId", "/couriers/a97261aa/orders".to_owned()),
        ("orderId", "/orders/b87261aa/courier".to_owned()),
        ("orderId", "/orders/%7B%7D/courier".to_owned()),
        ("expand", format!("/orders/{unknown}/courier?expand=courier")),
        ("expand", format!("/couriers/{unknown}/orders?expand=courier")),
        ("status", format!("/couriers/{unknown}/orders?status=lost")),
        ("limit", format!("/couriers/{unknown}/orders?limit=0")),
        ("limit", format!("/couriers/{unknown}/orders?limit=101")),
        ("cursor", format!("/couriers/{unknown}/orders?cursor=nonsense")),
        ("zone", "/couriers?zone=".to_owned()),
        ("zone", "/couriers?zone=%7BS%7D".to_owned()),
        ("zone", format!("/couriers?zone={long}")),
        ("limit", "/couriers?limit=0".to_owned()),
        ("limit", "/couriers?limit=101".to_owned()),
        ("limit", "/couriers?limit=many".to_owned()),
        ("cursor", "/couriers?cursor=nonsense".to_owned()),
    ] {
        couriers.get(&path).await?.problem(400, "invalid-request", Some(field))?;
    }
    couriers.get(&format!("/couriers/{unknown}")).await?.problem(404, "courier-not-found", None)?;
    couriers.get(&format!("/couriers/{unknown}/orders")).await?.problem(404, "courier-not-found", None)?;
    couriers.get(&format!("/orders/{unknown}/courier")).await?.problem(404, "order-not-assigned", None)?;
    let expanded = format!("/orders/{unknown}/courier?expand=order");
    couriers.get(&expanded).await?.problem(404, "order-not-assigned", None)?;
    for verb in ["available", "unavailable"] {
        let path = format!("/couriers/{unknown}/{verb}");
        couriers.post(&path, &json!(null)).await?.problem(404, "courier-not-found", None)?;
        let path = format!("/couriers/a97261aa/{verb}");
        couriers.post(&path, &json!(null)).await?.problem(400, "invalid-request", Some("courierId"))?;
        couriers.get(&path).await?.problem(405, "method-not-allowed", None)?;
    }
    couriers.get("/nothing").await?.problem(404, "no-such-resource", None)?;
    couriers.post(&format!("/couriers/{unknown}"), &json!({})).await?.problem(405, "method-not-allowed", None)
}
