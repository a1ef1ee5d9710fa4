//! What is logged: JSON, with the trace that a line belongs to, and nothing of what is in an order.

use std::fs::File;

use anyhow::{Context as _, Result};
use e2e::{Answer, Cell, cell::NOBODY, cell::Processes};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::unique;
use uuid::Uuid;

const TRACE: &str = "5bf92f3577b34da6a3ce929d0e0e4736";
const JSON: [(&str, &str); 2] = [("LOG_FORMAT", "json"), ("LOG_LEVEL", "info")];

#[tokio::test]
async fn lines_are_json_with_their_trace_and_without_details() -> Result<()> {
    let path = std::env::temp_dir().join(unique::name("dispatch-log"));
    let log = File::options().create_new(true).append(true).open(&path)?;
    let mut cell = Cell::new().await?;
    cell.log = Some(log);
    let processes = Processes {
        order: cell.start_order_service_with(NOBODY, &JSON).await?,
        courier: cell.start_courier_service_with(NOBODY, &JSON).await?,
        assignment: cell.start_assignment_service_with(&JSON).await?,
    };
    let world = processes.world(&cell).await?;
    let courier = world.publish_courier(1).await?;
    let (order, secret) = (Uuid::new_v4(), unique::name("secret"));
    let made = world.orders().request(Method::POST, "/orders");
    let made = made.json(&json!({"orderId": order, "details": secret, "zone": world.zone}));
    Answer::to(made.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))).await?.expect(201)?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    let by_hand = world.assignments().request(Method::POST, &format!("/orders/{order}/assign"));
    let by_hand = by_hand.json(&json!({"courierId": courier, "force": true}));
    Answer::to(by_hand.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))).await?.expect(202)?;
    // Poison of two kinds; the reason why it is none quotes it.
    for poison in [
        json!({"orderId": Uuid::new_v4(), "details": "x", "zone": world.zone, "addedAt": secret}),
        json!({"orderId": secret, "details": secret}),
    ] {
        cell.events.send(&[poison.to_string()]).await?;
    }
    cell.events.drained().await?;
    test_support::eventually("they are dead", || async {
        Ok((cell.events.dead_letters().await?.len() == 2).then_some(()))
    })
    .await?;
    for process in [processes.order, processes.courier, processes.assignment] {
        process.stop().await?;
    }

    let text = std::fs::read_to_string(&path)?;
    std::fs::remove_file(&path)?;
    assert!(!text.contains(&secret), "{text}");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect::<Result<_>>()?;
    for line in &lines {
        for field in ["timestamp", "level", "message", "target"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
    }
    let about_one = |line: &&Value| !line["message.id"].is_null() || !line["order.id"].is_null();
    for line in lines.iter().filter(about_one) {
        let trace = line["trace.id"].as_str().with_context(|| format!("no trace: {line}"))?;
        assert!(trace.len() == 32 && trace.bytes().all(|digit| digit.is_ascii_hexdigit()), "{line}");
    }
    let made = lines.iter().find(|line| line["message"] == "order made").context("a line about the order")?;
    assert_eq!((&made["trace.id"], &made["order.id"]), (&json!(TRACE), &json!(order)), "{made}");
    let by_hand = lines.iter().find(|line| line["message"] == "assigned by hand").context("a line about the pin")?;
    assert_eq!((&by_hand["trace.id"], &by_hand["order.id"]), (&json!(TRACE), &json!(order)), "{by_hand}");
    let quarantined = lines.iter().filter(|line| line["message"] == "quarantined");
    assert_eq!(quarantined.count(), 2, "{text}");
    Ok(())
}
