//! The REST API of the real binary: each endpoint, each refusal.

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{ServiceProcess, TestQueue, eventually, http::send};
use uuid::Uuid;

use crate::support::World;

#[tokio::test]
async fn an_order_is_made_shown_listed_and_published() -> Result<()> {
    let world = World::create().await?;
    let published = TestQueue::create(&world.servers).await?;
    world.topic.subscribe(&published, true).await?;
    let service = world.start(&[]).await?;

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = service
        .request(Method::POST, "/orders")
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        .body(r#"{"details":"Buy something","zone":"S","priority":3,"unknown":1}"#);
    let made = send(request).await?;
    assert_eq!(made.status, 201, "{made:?}");
    let order_id = made.body["orderId"].as_str().context("an id")?;
    assert_eq!(made.header("location"), Some(format!("/orders/{order_id}").as_str()));
    let expected = json!({
        "orderId": order_id, "details": "Buy something", "zone": "S", "status": "pending", "priority": 3,
        "addedAt": made.body["addedAt"], "courierId": null, "assignedAt": null,
    });
    assert_eq!(made.body, expected);
    assert_eq!(service.get(&format!("/orders/{order_id}")).await?.body, expected);
    assert_eq!(service.get("/orders").await?.body, json!({"items": [expected], "nextCursor": null}));

    let event = eventually("the order is published", || async { Ok(published.take().await?.pop()) }).await?;
    let body: Value = serde_json::from_str(event.body().context("a body")?)?;
    let attribute = |name| event.message_attributes().and_then(|all| all.get(name)).and_then(|a| a.string_value());
    assert_eq!((attribute("eventType"), attribute("eventId")), (Some("AddOrder"), body["eventId"].as_str()));
    assert!(attribute("traceparent").is_some_and(|parent| parent.contains(trace)), "{event:?}");
    let expected = json!({
        "type": "AddOrder", "eventId": body["eventId"], "occurredAt": made.body["addedAt"], "orderId": order_id,
        "details": "Buy something", "zone": "S", "addedAt": made.body["addedAt"], "priority": 3,
    });
    assert_eq!(body, expected);
    service.stop().await
}

#[tokio::test]
async fn a_repetition_makes_no_second_order() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let id = Uuid::new_v4();
    let body = json!({"orderId": id, "details": "Buy", "zone": "S"});
    let first = service.post("/orders", &body).await?;
    let second = service.post("/orders", &body).await?;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 200));
    assert_eq!((&first.body, first.header("location")), (&second.body, second.header("location")));
    let other = service.post("/orders", &json!({"orderId": id, "details": "Sell", "zone": "S"})).await?;
    other.problem(409, "order-conflict")?;

    let keyed = |body: &Value| {
        let request = service.request(Method::POST, "/orders").header("Idempotency-Key", "key-1");
        send(request.json(body))
    };
    let request = json!({"details": "Buy", "zone": "S"});
    let (first, second) = tokio::try_join!(keyed(&request), keyed(&request))?;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!((&first.body, first.header("location")), (&second.body, second.header("location")));
    let reused = keyed(&json!({"details": "Buy", "zone": "T"})).await?;
    assert_eq!(reused.problem(422, "idempotency-key-reused")?, ["Idempotency-Key"]);
    Ok(())
}

#[tokio::test]
async fn bad_bodies_name_the_field() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let good = json!({"details": "Buy", "zone": "S"});
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body.to_string()
    };
    for (body, field) in [
        ("hello".to_owned(), "body"),
        (String::new(), "body"),
        ("[1]".to_owned(), "body"),
        (r#" [null, "Buy", "S", 0]"#.to_owned(), "body"),
        ("7".to_owned(), "body"),
        (format!("{good}{good}"), "body"),
        (r#"{"details":"Buy"}"#.to_owned(), "zone"),
        (r#"{"zone":"S"}"#.to_owned(), "details"),
        (r#"{"zone":"S","details":"Buy","details":"Sell"}"#.to_owned(), "details"),
        (with("orderId", json!("no-uuid")), "orderId"),
        (with("orderId", json!("{b87261aa-2907-498e-aa24-3bce25590a46}")), "orderId"),
        (with("orderId", json!(7)), "orderId"),
        (with("zone", json!("")), "zone"),
        (with("zone", json!("{S}")), "zone"),
        (with("zone", json!("z".repeat(65))), "zone"),
        (with("zone", json!(null)), "zone"),
        (with("details", json!("x".repeat(4097))), "details"),
        (with("details", json!("a\0b")), "details"),
        (with("details", json!(1)), "details"),
        (with("priority", json!(10)), "priority"),
        (with("priority", json!(-1)), "priority"),
        (with("priority", json!(1.5)), "priority"),
        (with("priority", json!("high")), "priority"),
    ] {
        let answer = send(service.request(Method::POST, "/orders").body(body.clone())).await?;
        assert_eq!(answer.problem(400, "invalid-request").context(body.clone())?, [field], "{body}");
    }
    for key in ["", " ", "a b", &"k".repeat(256)] {
        let request = service.request(Method::POST, "/orders").header("Idempotency-Key", key).json(&good);
        assert_eq!(send(request).await?.problem(400, "invalid-request")?, ["Idempotency-Key"], "{key:?}");
    }
    let twice = service.request(Method::POST, "/orders").header("Idempotency-Key", "a");
    let twice = send(twice.header("Idempotency-Key", "b").json(&good)).await?;
    assert_eq!(twice.problem(400, "invalid-request")?, ["Idempotency-Key"]);

    let large = with("details", json!("x".repeat(200 * 1024)));
    let answer = send(service.request(Method::POST, "/orders").body(large)).await?;
    assert_eq!(answer.problem(413, "body-too-large")?, ["body"]);
    assert_eq!(service.get("/orders").await?.body["items"], json!([]), "nothing of all that was taken");
    Ok(())
}

#[tokio::test]
async fn what_fits_is_taken() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    for body in [
        json!({"details": "", "zone": "S"}),
        json!({"details": "ä".repeat(2048), "zone": "z".repeat(64), "priority": 9}),
        json!({"details": "\u{1}".repeat(4096), "zone": "a.b:c_d-9", "orderId": null, "priority": null}),
    ] {
        let made = service.post("/orders", &body).await?;
        assert_eq!((made.status.as_u16(), &made.body["details"]), (201, &body["details"]), "{made:?}");
    }
    // What is no valid traceparent is passed over.
    let request = service.request(Method::POST, "/orders").header("traceparent", "nonsense");
    assert_eq!(send(request.json(&json!({"details": "Buy", "zone": "S"}))).await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn bad_paths_and_parameters_name_the_field() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let id = Uuid::new_v4();
    for (path, field) in [
        ("/orders/no-uuid".to_owned(), "orderId"),
        (format!("/orders/{}", id.simple()), "orderId"),
        (format!("/orders/{id}?expand=order"), "expand"),
        (format!("/orders/{id}?expand="), "expand"),
        ("/orders?limit=0".to_owned(), "limit"),
        ("/orders?limit=101".to_owned(), "limit"),
        ("/orders?limit=x".to_owned(), "limit"),
        ("/orders?cursor=x".to_owned(), "cursor"),
        ("/orders?cursor=".to_owned(), "cursor"),
        ("/orders?status=gone".to_owned(), "status"),
        ("/orders?zone=".to_owned(), "zone"),
        ("/orders?zone=S&zone=T".to_owned(), "zone"),
        ("/orders?zone=%7BS%7D".to_owned(), "zone"),
    ] {
        let answer = service.get(&path).await?;
        assert_eq!(answer.problem(400, "invalid-request").context(path.clone())?, [field], "{path}");
    }
    service.get(&format!("/orders/{id}")).await?.problem(404, "order-not-found")?;
    service.get("/nothing").await?.problem(404, "no-such-resource")?;
    let delete = service.request(Method::DELETE, "/orders");
    send(delete).await?.problem(405, "method-not-allowed")?;
    Ok(())
}

#[tokio::test]
async fn pages_follow_their_cursors() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let mut made = Vec::new();
    for zone in ["S", "S", "T", "S"] {
        made.push(service.post("/orders", &json!({"details": "Buy", "zone": zone})).await?.body);
    }
    made.reverse();
    let first = service.get("/orders?limit=3").await?.body;
    assert_eq!(first["items"], json!(made[..3]));
    let cursor = first["nextCursor"].as_str().context("a cursor")?;
    let second = service.get(&format!("/orders?limit=3&cursor={cursor}")).await?.body;
    assert_eq!(second, json!({"items": made[3..], "nextCursor": null}));
    let here = service.get("/orders?zone=T&status=pending").await?.body;
    assert_eq!(here["items"], json!([made[1]]));
    assert_eq!(service.get("/orders?status=assigned").await?.body, json!({"items": [], "nextCursor": null}));
    Ok(())
}

#[tokio::test]
async fn the_process_answers_for_itself() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let text = async |path: &str| ask(&service, path).await;
    assert_eq!(text("/livez").await?, "ok");
    // A busy machine may be too slow for one look at all that it needs.
    eventually("it is ready", || async {
        let ready = reqwest::get(format!("{}/readyz", service.http)).await?;
        Ok((ready.status() == 200 && ready.text().await?.contains(r#""events_queue":"ok""#)).then_some(()))
    })
    .await?;
    service.post("/orders", &json!({"details": "Buy", "zone": "S"})).await?;
    eventually("the relay counts", || async {
        Ok(text("/metrics").await?.contains(r#"dispatch_outbox_published_total{type="AddOrder"} 1"#).then_some(()))
    })
    .await?;
    assert!(text("/docs/").await?.contains("swagger"));
    assert!(text("/openapi.json").await?.contains("/orders/{orderId}"));
    Ok(())
}

async fn ask(service: &ServiceProcess, path: &str) -> Result<String> {
    Ok(reqwest::get(format!("{}{path}", service.http)).await?.error_for_status()?.text().await?)
}
