//! Requests to order-service that break their format: the answer says which field is wrong, and nothing is made.

use anyhow::Result;
use e2e::{Answer, World, queues};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// POST /orders with a body that need not be JSON.
async fn post(world: &World, body: impl Into<reqwest::Body>) -> Result<Answer> {
    let request = world.orders().request(Method::POST, "/orders").header("content-type", "application/json");
    Answer::to(request.body(body)).await
}

#[tokio::test]
async fn a_bad_order_is_refused_and_not_made() -> Result<()> {
    let world = World::new().await?;
    let zone = &world.zone;
    let events = world.events().await?;
    let good = json!({"details": "Buy something", "zone": zone});
    let with = |field: &str, value: Value| {
        let mut order = good.clone();
        order[field] = value;
        order.to_string()
    };
    let without = |field: &str| json!({"details": "a", "zone": zone, field: null}).to_string();
    let bad = [
        ("body", String::new()),
        ("body", "hello".to_owned()),
        ("body", format!("{good}{good}")),
        ("body", json!([good]).to_string()),
        ("body", json!([null, "Buy something", zone, 0]).to_string()),
        ("body", "7".to_owned()),
        ("orderId", with("orderId", json!("b87261aa"))),
        ("orderId", with("orderId", json!("{b87261aa-2907-498e-aa24-3bce25590a46}"))),
        ("orderId", with("orderId", json!(7))),
        ("details", with("details", json!(7))),
        ("details", with("details", json!({"a": 1}))),
        ("details", with("details", json!("x".repeat(4_097)))),
        ("details", with("details", json!("ä".repeat(2_049)))),
        ("details", with("details", json!("a\u{0}b"))),
        ("details", with("details", json!("a\u{ffff}b"))),
        ("details", without("details")),
        ("details", json!({"zone": zone}).to_string()),
        ("zone", with("zone", json!(""))),
        ("zone", with("zone", json!("z".repeat(65)))),
        ("zone", with("zone", json!("{S}"))),
        ("zone", with("zone", json!("a/b"))),
        ("zone", with("zone", json!(false))),
        ("zone", json!({"details": "Buy something"}).to_string()),
        ("priority", with("priority", json!(10))),
        ("priority", with("priority", json!(-1))),
        ("priority", with("priority", json!(0.5))),
        ("priority", with("priority", json!("high"))),
    ];
    for (field, body) in bad {
        post(&world, body).await?.problem(400, "invalid-request", Some(field))?;
    }
    post(&world, vec![0xff, 0xfe, b'{']).await?.problem(400, "invalid-request", Some("body"))?;
    post(&world, with("details", json!("x".repeat(200 * 1024)))).await?.problem(413, "body-too-large", Some("body"))?;
    let long_key = "k".repeat(256);
    for key in ["", "a b", long_key.as_str()] {
        let request = world.orders().request(Method::POST, "/orders").header("Idempotency-Key", key).json(&good);
        Answer::to(request).await?.problem(400, "invalid-request", Some("Idempotency-Key"))?;
    }
    let request = world.orders().request(Method::POST, "/orders").json(&good);
    let request = request.header("Idempotency-Key", "a").header("Idempotency-Key", "b");
    Answer::to(request).await?.problem(400, "invalid-request", Some("Idempotency-Key"))?;

    // The longest that is allowed, after all of these: it alone was made and published.
    let details = "ä".repeat(2_048);
    let made = world.orders().post("/orders", &json!({"details": details, "zone": zone, "priority": 9})).await?;
    let made = made.expect(201)?;
    let listed = world.orders().list(&format!("/orders?zone={zone}")).await?;
    assert_eq!(listed, [made]);
    let published = events.until("the one order", |all| !all.is_empty()).await?;
    assert_eq!(published.len(), 1, "{published:?}");
    assert_eq!(published[0].event["details"], json!(details));
    queues::handled(&world.bus, &[queues::EVENTS, queues::ORDER_EVENTS]).await?;
    world.nothing_dead().await
}

#[tokio::test]
async fn another_order_under_the_same_id_or_key_is_refused() -> Result<()> {
    let world = World::new().await?;
    let (order, zone) = (Uuid::new_v4(), &world.zone);
    let good = json!({"orderId": order, "details": "Buy something", "zone": zone, "priority": 1});
    let made = world.orders().post("/orders", &good).await?.expect(201)?;
    for (field, value) in [("details", json!("Sell")), ("zone", json!(format!("{zone}.b"))), ("priority", json!(2))] {
        let mut other = good.clone();
        other[field] = value;
        world.orders().post("/orders", &other).await?.problem(409, "order-conflict", None)?;
    }
    let key = Uuid::new_v4().to_string();
    let keyed = |body: &Value| {
        Answer::to(world.orders().request(Method::POST, "/orders").header("Idempotency-Key", &key).json(body))
    };
    keyed(&json!({"details": "a", "zone": zone})).await?.expect(201)?;
    for other in [json!({"details": "b", "zone": zone}), json!({"details": "a", "zone": zone, "priority": 1}), good] {
        keyed(&other).await?.problem(422, "idempotency-key-reused", Some("Idempotency-Key"))?;
    }
    // A refused request does not use its key up.
    let key = Uuid::new_v4().to_string();
    let keyed = |body: &Value| {
        Answer::to(world.orders().request(Method::POST, "/orders").header("Idempotency-Key", &key).json(body))
    };
    keyed(&json!({"details": 7, "zone": zone})).await?.problem(400, "invalid-request", Some("details"))?;
    let conflict = json!({"orderId": order, "details": "Sell", "zone": zone});
    keyed(&conflict).await?.problem(409, "order-conflict", None)?;
    keyed(&json!({"details": "a", "zone": zone})).await?.expect(201)?;

    let shown = world.orders().get(&format!("/orders/{order}")).await?.expect(200)?;
    assert_eq!(shown, made);
    assert_eq!(world.orders().list(&format!("/orders?zone={zone}")).await?.len(), 3);
    world.nothing_dead().await
}

#[tokio::test]
async fn a_bad_question_is_refused() -> Result<()> {
    let world = World::new().await?;
    let orders = world.orders();
    let unknown = Uuid::new_v4();
    let long = "z".repeat(65);
    for (field, path) in [
        ("orderId", "/orders/b87261aa".to_owned()),
        ("orderId", format!("/orders/{}", unknown.simple())),
        ("orderId", "/orders/%7B%7D".to_owned()),
        ("expand", format!("/orders/{unknown}?expand=everything")),
        ("expand", format!("/orders/{unknown}?expand=")),
        ("zone", "/orders?zone=".to_owned()),
        ("zone", "/orders?zone=%7BS%7D".to_owned()),
        ("zone", format!("/orders?zone={long}")),
        ("status", "/orders?status=lost".to_owned()),
        ("limit", "/orders?limit=0".to_owned()),
        ("limit", "/orders?limit=101".to_owned()),
        ("limit", "/orders?limit=-1".to_owned()),
        ("limit", "/orders?limit=many".to_owned()),
        ("cursor", "/orders?cursor=nonsense".to_owned()),
        ("cursor", "/orders?cursor=".to_owned()),
    ] {
        orders.get(&path).await?.problem(400, "invalid-request", Some(field))?;
    }
    orders.get(&format!("/orders/{unknown}")).await?.problem(404, "order-not-found", None)?;
    orders.get(&format!("/orders/{unknown}?expand=courier")).await?.problem(404, "order-not-found", None)?;
    orders.get("/nothing").await?.problem(404, "no-such-resource", None)?;
    orders.put("/orders", &json!({})).await?.problem(405, "method-not-allowed", None)?;
    Answer::to(orders.request(Method::DELETE, &format!("/orders/{unknown}"))).await?.problem(
        405,
        "method-not-allowed",
        None,
    )?;
    // A cursor of another list is none of this one.
    let couriers = json!({"name": "a", "zone": world.zone});
    for _ in 0..2 {
        world.couriers().put(&format!("/couriers/{}", Uuid::new_v4()), &couriers).await?.expect(201)?;
    }
    let page = world.couriers().get(&format!("/couriers?zone={}&limit=1", world.zone)).await?.expect(200)?;
    let cursor = e2e::rest::next(&page).unwrap_or_default();
    orders.get(&format!("/orders?cursor={cursor}")).await?.problem(400, "invalid-request", Some("cursor"))
}
