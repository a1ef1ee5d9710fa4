//! The two commands of the README, by the real aws CLI, and the decision that follows.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use e2e::{World, aws_cli, bus::EVENTS_TOPIC};
use serde_json::json;
use test_support::eventually;
use uuid::{Uuid, uuid};

pub(crate) const COURIER: Uuid = uuid!("a97261aa-2907-498e-aa24-3bce25590a46");
pub(crate) const ORDER: Uuid = uuid!("b87261aa-2907-498e-aa24-3bce25590a46");

const README: &str = include_str!("../../../../README.md");

/// What the README says to paste into a terminal to send the seed.
pub(crate) fn commands() -> Result<&'static str> {
    let mut blocks = README.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.find(|block| block.contains("aws sns publish")).context("the README has no such command")
}

/// The only test with fixed ids in the shared system, and the only one in its zone S. On a system that has seen it before the
/// order keeps its courier, so it may be repeated there.
#[tokio::test]
async fn the_seed_commands_lead_to_the_assignment() -> Result<()> {
    let world = World::new().await?;
    let courier =
        r#"{"courierId":"a97261aa-2907-498e-aa24-3bce25590a46","name":"first_courirer","zone":"S","isAvailable":true}"#;
    let order = r#"{"orderId":"b87261aa-2907-498e-aa24-3bce25590a46","details":"Buy something","zone":"S","addedAt":"2021-07-18T10:22:10.170682Z"}"#;
    let commands = commands()?;
    assert!(commands.contains("export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n"), "{commands}");
    assert!(commands.contains(&format!("--message '{courier}'\n")), "{commands}");
    assert!(commands.contains(&format!("--message '{order}'\n")), "{commands}");
    assert_eq!(commands.matches("aws sns publish ").count(), 2, "{commands}");
    let printed = aws_cli::paste(&world.servers, commands).await?;
    assert_eq!(printed.len(), 2);
    assert!(printed.iter().all(|printed| printed["MessageId"].is_string()), "{printed:?}");
    assert_eq!(world.assigned(&[ORDER]).await?[&ORDER], COURIER);

    let pair = world.couriers().get(&format!("/orders/{ORDER}/courier")).await?.expect(200)?;
    let assigned_at = pair["assignedAt"].clone();
    let expected = json!({
        "orderId": ORDER, "courierId": COURIER, "zone": "S", "assignedAt": assigned_at, "status": "assigned",
    });
    assert_eq!(pair, expected);
    let page = world.couriers().get(&format!("/couriers/{COURIER}/orders")).await?.expect(200)?;
    assert_eq!(page, json!({"items": [expected], "nextCursor": null}));
    let shown = world.orders().get(&format!("/orders/{ORDER}")).await?.expect(200)?;
    let expected = json!({
        "orderId": ORDER, "details": "Buy something", "zone": "S", "status": "assigned", "priority": 0,
        "addedAt": "2021-07-18T10:22:10.170682Z", "courierId": COURIER, "assignedAt": assigned_at,
    });
    assert_eq!(shown, expected);
    let courier = eventually("courier-service knows the courier", || async {
        let answer = world.couriers().get(&format!("/couriers/{COURIER}")).await?;
        if answer.status == 404 { Ok(None) } else { answer.expect(200).map(Some) }
    })
    .await?;
    let expected = json!({
        "courierId": COURIER, "name": "first_courirer", "zone": "S", "isAvailable": true, "capacity": null,
        "updatedAt": courier["updatedAt"],
    });
    assert_eq!(courier, expected);
    for id in [COURIER, ORDER] {
        assert_eq!(e2e::queues::dead_letters(&world.bus, &id.to_string()).await?.len(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn the_decision_is_published_in_its_exact_form() -> Result<()> {
    let world = World::new().await?;
    let decisions = world.decisions().await?;
    let (courier, order, zone) = (Uuid::new_v4(), Uuid::new_v4(), &world.zone);
    let before = Utc::now();
    let arrival = format!(r#"{{"courierId":"{courier}","name":"a","zone":"{zone}","isAvailable":true}}"#);
    aws_cli::aws(&world.servers, &["sns", "publish", "--topic-arn", EVENTS_TOPIC, "--message", &arrival]).await?;
    let added = "2021-07-18T10:22:10.170682Z";
    let details = "Kaffee für Zoë ☕ & \"Brot\"";
    let message = json!({"orderId": order, "details": details, "zone": zone, "addedAt": added}).to_string();
    aws_cli::aws(&world.servers, &["sns", "publish", "--topic-arn", EVENTS_TOPIC, "--message", &message]).await?;

    let published = decisions.until_orders("the decision", &[order]).await?;
    let [decision] = published[&order].as_slice() else { panic!("one decision: {published:?}") };
    let event = &decision.event;
    let expected = json!({
        "type": "OrderAssigned", "eventId": event["eventId"], "occurredAt": event["assignedAt"],
        "orderId": order, "courierId": courier, "zone": zone, "assignedAt": event["assignedAt"],
    });
    assert_eq!(*event, expected);
    let event_id: Uuid = event["eventId"].as_str().unwrap_or_default().parse()?;
    let at: DateTime<Utc> = event["assignedAt"].as_str().unwrap_or_default().parse()?;
    assert!(event["assignedAt"].as_str().is_some_and(|time| time.ends_with('Z')), "{event}");
    assert!(before <= at && at <= Utc::now(), "{event}");

    let names: Vec<&str> = decision.attributes.keys().map(String::as_str).collect();
    assert_eq!(names, ["eventId", "eventType", "traceparent"]);
    assert_eq!(decision.attributes["eventType"], "OrderAssigned");
    assert_eq!(decision.attributes["eventId"], event_id.to_string());
    let trace: Vec<&str> = decision.attributes["traceparent"].split('-').collect();
    assert_eq!(trace.iter().map(|part| part.len()).collect::<Vec<_>>(), [2, 32, 16, 2], "{trace:?}");
    assert!(trace.iter().all(|part| part.bytes().all(|b| b"0123456789abcdef".contains(&b))), "{trace:?}");

    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    assert_eq!(world.orders().get(&format!("/orders/{order}")).await?.expect(200)?["details"], details);
    world.nothing_dead().await
}
