//! The REST API of the real binary.

use anyhow::Result;
use serde_json::{Value, json};
use test_support::{ServiceProcess, eventually};
use uuid::Uuid;

use crate::process::World;

async fn get(service: &ServiceProcess, path: &str) -> Result<(u16, Value)> {
    let answer = reqwest::get(format!("{}{path}", service.http)).await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

/// Waits until the field of the decision is there, and answers the decision.
async fn decision(service: &ServiceProcess, order: Uuid, field: &str) -> Result<Value> {
    eventually("the decision", || async {
        let (status, decision) = get(service, &format!("/orders/{order}/decision")).await?;
        Ok((status == 200 && !decision[field].is_null()).then_some(decision))
    })
    .await
}

#[tokio::test]
async fn why_an_order_waits_and_why_somebody_got_it() -> Result<()> {
    let world = World::new().await?;
    let service = world.start().await?;
    let (first, second, courier) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    world.events.send(&[world.order(first)]).await?;
    let waits = decision(&service, first, "waiting").await?;
    assert_eq!(
        waits["waiting"],
        json!({"place": 1, "reason": "nobody-available", "availableCouriers": 0, "fullCouriers": 0, "declinedCouriers": 0, "restingCouriers": 0})
    );
    assert_eq!((waits["status"].as_str(), &waits["courierId"]), (Some("pending"), &Value::Null));

    let zone = &world.zone;
    let news = format!(
        r#"{{"type":"AddCourier","courierId":"{courier}","name":"a","zone":"{zone}","isAvailable":true,"capacity":1}}"#
    );
    world.events.send(&[news]).await?;
    let given = decision(&service, first, "courierId").await?;
    assert_eq!(given["courierId"], courier.to_string());
    assert_eq!((&given["score"], &given["candidates"], &given["runnerUp"]), (&json!(0), &json!(1), &Value::Null));
    assert_eq!((given["status"].as_str(), &given["waiting"]), (Some("assigned"), &Value::Null));

    world.events.send(&[world.order(second)]).await?;
    let waits = decision(&service, second, "waiting").await?;
    assert_eq!(
        waits["waiting"],
        json!({"place": 1, "reason": "everybody-full", "availableCouriers": 1, "fullCouriers": 1, "declinedCouriers": 0, "restingCouriers": 0})
    );

    let (_, detail) = get(&service, &format!("/zones/{zone}")).await?;
    let busy = json!({"courierId": courier, "isAvailable": true, "openOrders": 1, "capacity": 1});
    assert_eq!(detail["couriers"], json!([busy]));
    assert_eq!((&detail["waiting"][0]["orderId"], &detail["waiting"][0]["place"]), (&json!(second), &json!(1)));
    let counts = ["availableCouriers", "waitingOrders", "openOrders"].map(|count| &detail[count]);
    assert_eq!((&detail["zone"], counts), (&json!(zone), [&json!(1); 3]));
    let (_, zones) = get(&service, "/zones?limit=100").await?;
    assert_eq!(zones["items"], json!([{"zone": zone, "availableCouriers": 1, "waitingOrders": 1, "openOrders": 1}]));
    service.stop().await
}

#[tokio::test]
async fn the_log_is_read_in_pages_by_order_and_by_courier() -> Result<()> {
    let world = World::new().await?;
    let service = world.start().await?;
    let (orders, courier) = ([Uuid::new_v4(), Uuid::new_v4()], Uuid::new_v4());
    world.events.send(&[world.courier(courier), world.order(orders[0]), world.order(orders[1])]).await?;
    for order in orders {
        decision(&service, order, "courierId").await?;
    }
    world.events.drained().await?;

    let types = async |query: String| {
        let (mut types, mut cursor) = (Vec::new(), String::new());
        loop {
            let (status, page) = get(&service, &format!("/events?limit=1{query}{cursor}")).await?;
            assert_eq!(status, 200, "{page}");
            let items = page["items"].as_array().cloned().unwrap_or_default();
            types.extend(items.iter().map(|line| line["type"].as_str().unwrap_or_default().to_owned()));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return anyhow::Ok(types),
            }
        }
    };
    assert_eq!(types(format!("&orderId={}", orders[0])).await?, ["AddOrder", "OrderAssigned"]);
    assert_eq!(types(format!("&courierId={courier}")).await?, ["AddCourier", "OrderAssigned", "OrderAssigned"]);
    assert_eq!(types(String::new()).await?.len(), 5);
    service.stop().await
}

#[tokio::test]
async fn what_is_wrong_is_named() -> Result<()> {
    let world = World::new().await?;
    let service = world.start().await?;
    for (path, status, slug, field) in [
        ("/orders/no-uuid/decision", 400, "invalid-request", Some("orderId")),
        ("/zones/%7BS%7D", 400, "invalid-request", Some("zone")),
        ("/zones?limit=0", 400, "invalid-request", Some("limit")),
        ("/zones?cursor=x", 400, "invalid-request", Some("cursor")),
        ("/events?courierId=x", 400, "invalid-request", Some("courierId")),
        ("/orders/b87261aa-2907-498e-aa24-3bce25590a46/decision", 404, "order-not-found", None),
        ("/zones/nowhere", 404, "zone-not-found", None),
        ("/nowhere", 404, "no-such-resource", None),
    ] {
        let (answered, problem) = get(&service, path).await?;
        assert_eq!((answered, problem["type"].as_str()), (status, Some(slug)), "{path}: {problem}");
        assert_eq!(problem["errors"][0]["field"].as_str(), field, "{path}: {problem}");
    }
    let docs = reqwest::get(format!("{}/docs/", service.http)).await?;
    assert!(docs.status().is_success());
    service.stop().await
}
