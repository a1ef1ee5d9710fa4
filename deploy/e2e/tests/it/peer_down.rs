//! `?expand` when the other service is down: the answer has what the service owns, and says what is missing.

use anyhow::{Context as _, Result, bail};
use e2e::{Cell, cell::NOBODY, events};
use serde_json::{Value, json};
use test_support::{ServiceProcess, eventually, unique};
use uuid::Uuid;

/// What a process of one's own answers; nothing for 404.
async fn get(process: &ServiceProcess, path: &str) -> Result<Option<Value>> {
    let answer = process.get(path).await?;
    match answer.status.as_u16() {
        200 => Ok(Some(answer.body)),
        404 => Ok(None),
        _ => bail!("{path}: {answer:?}"),
    }
}

/// A decision as assignment-service publishes it.
fn decision(order: Uuid, courier: Uuid, zone: &str) -> Value {
    let at = "2021-07-18T10:22:10.170682Z";
    json!({
        "type": "OrderAssigned", "eventId": Uuid::new_v4(), "occurredAt": at, "orderId": order, "courierId": courier,
        "zone": zone, "assignedAt": at,
    })
}

#[tokio::test]
async fn order_service_without_courier_service_names_the_courier_as_missing() -> Result<()> {
    let (cell, zone) = (Cell::new().await?, unique::name("e2e"));
    let process = cell.start_order_service(NOBODY).await?;
    let (order, courier) = (Uuid::new_v4(), Uuid::new_v4());
    cell.order_events.send(&[events::order(order, &zone).to_string()]).await?;
    cell.order_assignments.send(&[decision(order, courier, &zone).to_string()]).await?;
    let mut expected = eventually("the order is assigned", || async {
        let shown = get(&process, &format!("/orders/{order}")).await?;
        Ok(shown.filter(|shown| shown["courierId"] == json!(courier)))
    })
    .await?;
    expected["courier"] = json!(null);
    expected["missing"] = json!([courier]);
    let shown = get(&process, &format!("/orders/{order}?expand=courier")).await?.context("an answer")?;
    assert_eq!(shown, expected);

    // It does without the other one also to be ready.
    eventually("it is ready", || async { Ok((process.get("/readyz").await?.status == 200).then_some(())) }).await?;
    let courier_service = cell.start_courier_service(NOBODY).await?;
    process.stop().await?;
    // With one that is there and does not know the courier, the courier is missing too.
    let process = cell.start_order_service(&courier_service.grpc).await?;
    let shown = get(&process, &format!("/orders/{order}?expand=courier")).await?.context("an answer")?;
    assert_eq!(shown, expected);
    cell.courier_events.send(&[events::courier(courier, &zone, true).to_string()]).await?;
    let shown = eventually("the courier is found", || async {
        let shown = get(&process, &format!("/orders/{order}?expand=courier")).await?.context("an answer")?;
        Ok((shown["missing"] == json!([])).then_some(shown))
    });
    assert_eq!(shown.await?["courier"]["courierId"], json!(courier));
    // And when it goes away, what is owned is still shown.
    courier_service.stop().await?;
    let shown = get(&process, &format!("/orders/{order}?expand=courier")).await?.context("an answer")?;
    assert_eq!(shown, expected);
    process.stop().await
}

#[tokio::test]
async fn courier_service_without_order_service_names_the_orders_as_missing() -> Result<()> {
    let (cell, zone) = (Cell::new().await?, unique::name("e2e"));
    let process = cell.start_courier_service(NOBODY).await?;
    let (courier, orders) = (Uuid::new_v4(), events::ids(3));
    let decisions: Vec<_> = orders.iter().map(|order| decision(*order, courier, &zone).to_string()).collect();
    cell.assignments.send(&decisions).await?;
    let page = eventually("the orders are theirs", || async {
        let page = get(&process, &format!("/couriers/{courier}/orders")).await?;
        Ok(page.filter(|page| page["items"].as_array().is_some_and(|items| items.len() == orders.len())))
    })
    .await?;
    let mut expected = page;
    let mut missing = Vec::new();
    for item in expected["items"].as_array_mut().into_iter().flatten() {
        item["order"] = json!(null);
        missing.push(item["orderId"].clone());
    }
    expected["missing"] = json!(missing);
    let shown = get(&process, &format!("/couriers/{courier}/orders?expand=order")).await?.context("an answer")?;
    assert_eq!(shown, expected);

    let order = orders[0];
    let mut expected = get(&process, &format!("/orders/{order}/courier")).await?.context("an answer")?;
    expected["order"] = json!(null);
    expected["missing"] = json!([order]);
    let shown = get(&process, &format!("/orders/{order}/courier?expand=order")).await?.context("an answer")?;
    assert_eq!(shown, expected);
    process.stop().await
}

/// A peer that takes the call and never answers is not waited for, either.
#[tokio::test]
async fn a_peer_that_does_not_answer_is_missing_too() -> Result<()> {
    let (cell, zone) = (Cell::new().await?, unique::name("e2e"));
    // Connections are made by the kernel; nobody ever reads from them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0")?;
    let process = cell.start_order_service(&format!("http://{}", silent.local_addr()?)).await?;
    let (order, courier) = (Uuid::new_v4(), Uuid::new_v4());
    cell.order_events.send(&[events::order(order, &zone).to_string()]).await?;
    cell.order_assignments.send(&[decision(order, courier, &zone).to_string()]).await?;
    let shown = eventually("the order is assigned", || async {
        let shown = get(&process, &format!("/orders/{order}?expand=courier")).await?;
        Ok(shown.filter(|shown| shown["courierId"] == json!(courier)))
    });
    let shown = shown.await?;
    assert_eq!((&shown["courier"], &shown["missing"]), (&json!(null), &json!([courier])));
    process.stop().await
}
