//! The REST API of the real binary: each endpoint, each refusal.

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{TestQueue, eventually, http::send};
use uuid::Uuid;

use crate::support::{World, assigned, courier_id, order_id};

#[tokio::test]
async fn a_courier_is_registered_changed_shown_listed_and_published() -> Result<()> {
    let world = World::create().await?;
    let published = TestQueue::create(&world.servers).await?;
    world.topic.subscribe(&published, true).await?;
    let service = world.start(&[]).await?;
    let path = format!("/couriers/{}", courier_id());
    let id = path.trim_start_matches("/couriers/");

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = service.request(Method::PUT, &path);
    let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let made = send(request.body(r#"{"name":"Ada","zone":"S","capacity":3,"unknown":1}"#)).await?;
    let mut expected = json!({
        "courierId": id, "name": "Ada", "zone": "S", "isAvailable": true, "capacity": 3,
        "updatedAt": made.body["updatedAt"],
    });
    assert_eq!((made.status.as_u16(), made.header("location"), &made.body), (201, Some(path.as_str()), &expected));
    assert_eq!(service.get(&path).await?.body, expected);

    let away = service.post(&format!("{path}/unavailable"), &json!({})).await?;
    expected["isAvailable"] = json!(false);
    expected["updatedAt"] = away.body["updatedAt"].clone();
    assert_eq!((away.status.as_u16(), away.header("location"), &away.body), (202, Some(path.as_str()), &expected));
    let changed = service.put(&path, &json!({"name": "Ada", "zone": "T", "capacity": null})).await?;
    expected["zone"] = json!("T");
    expected["capacity"] = json!(null);
    expected["updatedAt"] = changed.body["updatedAt"].clone();
    assert_eq!((changed.status.as_u16(), &changed.body), (202, &expected));
    // Without a body, and twice: each is news.
    for _ in 0..2 {
        let back = send(service.request(Method::POST, &format!("{path}/available"))).await?;
        assert_eq!((back.status.as_u16(), &back.body["isAvailable"]), (202, &json!(true)));
    }

    let courier = service.get(&path).await?.body;
    assert_eq!(service.get("/couriers?zone=T").await?.body, json!({"items": [courier], "nextCursor": null}));
    assert_eq!(service.get("/couriers?zone=S").await?.body, json!({"items": [], "nextCursor": null}));

    let mut messages = published.take_at_least(5).await?;
    messages.sort_by_key(|message| {
        let body = serde_json::from_str::<Value>(message.body().unwrap_or_default()).unwrap_or_default();
        body["occurredAt"].as_str().unwrap_or_default().parse::<chrono::DateTime<chrono::Utc>>().unwrap_or_default()
    });
    let bodies = messages.iter().map(|message| Ok(serde_json::from_str(message.body().context("a body")?)?));
    let bodies = bodies.collect::<Result<Vec<Value>>>()?;
    let first = json!({
        "type": "AddCourier", "eventId": bodies[0]["eventId"], "occurredAt": made.body["updatedAt"],
        "courierId": id, "name": "Ada", "zone": "S", "isAvailable": true, "capacity": 3,
    });
    assert_eq!(bodies[0], first);
    let told: Vec<_> = bodies.iter().map(|body| (body["zone"].as_str(), body["isAvailable"].as_bool())).collect();
    let (s, t) = (Some("S"), Some("T"));
    assert_eq!(told, [(s, Some(true)), (s, Some(false)), (t, Some(false)), (t, Some(true)), (t, Some(true))]);
    let attributes = messages[0].message_attributes().context("attributes")?;
    let attribute = |name| attributes.get(name).and_then(|attribute| attribute.string_value());
    assert_eq!((attribute("eventType"), attribute("eventId")), (Some("AddCourier"), bodies[0]["eventId"].as_str()));
    assert!(attribute("traceparent").is_some_and(|parent| parent.contains(trace)));
    service.stop().await
}

#[tokio::test]
async fn bad_bodies_name_the_field() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let path = format!("/couriers/{}", courier_id());
    let good = json!({"name": "a", "zone": "S"});
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body.to_string()
    };
    for (body, field) in [
        ("hello".to_owned(), "body"),
        (String::new(), "body"),
        (r#"["a","S"]"#.to_owned(), "body"),
        ("null".to_owned(), "body"),
        (r#"{"name":"a"}"#.to_owned(), "zone"),
        (r#"{"zone":"S"}"#.to_owned(), "name"),
        (with("name", json!("")), "name"),
        (with("name", json!("x".repeat(257))), "name"),
        (with("name", json!("a\0")), "name"),
        (with("zone", json!("")), "zone"),
        (with("zone", json!("{S}")), "zone"),
        (with("zone", json!("z".repeat(65))), "zone"),
        (with("isAvailable", json!("yes")), "isAvailable"),
        (with("capacity", json!(-1)), "capacity"),
        (with("capacity", json!(1_000_001)), "capacity"),
        (with("capacity", json!(1.5)), "capacity"),
    ] {
        let answer = send(service.request(Method::PUT, &path).body(body.clone())).await?;
        assert_eq!(answer.problem(400, "invalid-request").context(body.clone())?, [field], "{body}");
    }
    let large = send(service.request(Method::PUT, &path).body(with("name", json!("x".repeat(200 * 1024))))).await?;
    assert_eq!(large.problem(413, "body-too-large")?, ["body"]);
    assert_eq!(service.get("/couriers").await?.body["items"], json!([]), "nothing of all that was taken");
    Ok(())
}

#[tokio::test]
async fn bad_paths_and_parameters_name_the_field() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let id = Uuid::new_v4();
    for (path, field) in [
        ("/couriers/no-uuid".to_owned(), "courierId"),
        ("/couriers/no-uuid/orders".to_owned(), "courierId"),
        (format!("/orders/{}/courier", id.simple()), "orderId"),
        (format!("/orders/{id}/courier?expand=courier"), "expand"),
        (format!("/couriers/{id}/orders?expand=x"), "expand"),
        (format!("/couriers/{id}/orders?status=gone"), "status"),
        (format!("/couriers/{id}/orders?limit=0"), "limit"),
        (format!("/couriers/{id}/orders?cursor=x"), "cursor"),
        ("/couriers?limit=101".to_owned(), "limit"),
        ("/couriers?cursor=x".to_owned(), "cursor"),
        ("/couriers?zone=%7BS%7D".to_owned(), "zone"),
    ] {
        let answer = service.get(&path).await?;
        assert_eq!(answer.problem(400, "invalid-request").context(path.clone())?, [field], "{path}");
    }
    let put = service.put("/couriers/no-uuid", &json!({"name": "a", "zone": "S"})).await?;
    assert_eq!(put.problem(400, "invalid-request")?, ["courierId"]);
    let post = service.post("/couriers/no-uuid/available", &json!({})).await?;
    assert_eq!(post.problem(400, "invalid-request")?, ["courierId"]);

    service.get(&format!("/couriers/{id}")).await?.problem(404, "courier-not-found")?;
    service.get(&format!("/couriers/{id}/orders")).await?.problem(404, "courier-not-found")?;
    service.get(&format!("/orders/{id}/courier")).await?.problem(404, "order-not-assigned")?;
    service.post(&format!("/couriers/{id}/available"), &json!({})).await?.problem(404, "courier-not-found")?;
    service.post(&format!("/couriers/{id}/unavailable"), &json!({})).await?.problem(404, "courier-not-found")?;
    service.get("/nothing").await?.problem(404, "no-such-resource")?;
    send(service.request(Method::DELETE, "/couriers")).await?.problem(405, "method-not-allowed")?;
    Ok(())
}

#[tokio::test]
async fn pages_follow_their_cursors() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let who = courier_id();
    let orders = [order_id(), order_id(), order_id()];
    let times = ["2026-01-01T00:00:03Z", "2026-01-01T00:00:02Z", "2026-01-01T00:00:01Z"];
    let news: Vec<_> = orders.iter().zip(times).map(|(order, at)| assigned(*order, who, at)).collect();
    world.assignments.send(&news).await?;
    world.assignments.drained().await?;
    let pair = |n: usize| {
        json!({
            "orderId": orders[n], "courierId": who, "zone": "S", "assignedAt": times[n], "status": "assigned",
        })
    };

    let first = service.get(&format!("/couriers/{who}/orders?limit=2&status=assigned")).await?.body;
    assert_eq!(first["items"], json!([pair(0), pair(1)]));
    let cursor = first["nextCursor"].as_str().context("a cursor")?;
    let second = service.get(&format!("/couriers/{who}/orders?limit=2&cursor={cursor}")).await?.body;
    assert_eq!(second, json!({"items": [pair(2)], "nextCursor": null}));
    let delivered = service.get(&format!("/couriers/{who}/orders?status=delivered")).await?.body;
    assert_eq!(delivered, json!({"items": [], "nextCursor": null}));
    assert_eq!(service.get(&format!("/orders/{}/courier", orders[0])).await?.body, pair(0));

    for _ in 0..3 {
        service.put(&format!("/couriers/{}", courier_id()), &json!({"name": "a", "zone": "S"})).await?;
    }
    let all = service.get("/couriers?zone=S").await?.body;
    let first = service.get("/couriers?zone=S&limit=2").await?.body;
    let cursor = first["nextCursor"].as_str().context("a cursor")?;
    let second = service.get(&format!("/couriers?zone=S&limit=2&cursor={cursor}")).await?.body;
    assert_eq!(json!([first["items"][0], first["items"][1], second["items"][0]]), all["items"]);
    assert_eq!(second["nextCursor"], json!(null));
    Ok(())
}

#[tokio::test]
async fn the_process_answers_for_itself() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let text = async |path: &str| {
        let answer = service.request(Method::GET, path).send().await?.error_for_status()?;
        anyhow::Ok(answer.text().await?)
    };
    assert_eq!(text("/livez").await?, "ok");
    // A busy machine may be too slow for one look at all that it needs.
    eventually("it is ready", || async {
        let ready = service.request(Method::GET, "/readyz").send().await?;
        Ok((ready.status() == 200 && ready.text().await?.contains(r#""assignments_queue":"ok""#)).then_some(()))
    })
    .await?;
    service.put(&format!("/couriers/{}", courier_id()), &json!({"name": "a", "zone": "S"})).await?;
    eventually("the relay counts", || async {
        Ok(text("/metrics").await?.contains(r#"dispatch_outbox_published_total{type="AddCourier"} 1"#).then_some(()))
    })
    .await?;
    assert!(text("/docs/").await?.contains("swagger"));
    assert!(text("/openapi.json").await?.contains("/couriers/{courierId}/orders"));
    Ok(())
}
