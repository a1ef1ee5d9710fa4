//! `SERVICE dlq`: what an operator sees and does, with the real binaries, on queues of the test's own.

use anyhow::{Context as _, Result, ensure};
use aws_sdk_sqs::types::MessageAttributeValue;
use chrono::{DateTime, Utc};
use e2e::{
    Cell, Told,
    events::{self, POISON},
};
use serde_json::{Value, json};
use test_support::{TestQueue, eventually, queues::Depth};
use uuid::Uuid;

/// Runs `SERVICE dlq ARGUMENTS`.
async fn dlq(cell: &Cell, service: &str, arguments: &[&str]) -> Result<Told> {
    run(cell, service, &[&["dlq"], arguments].concat()).await
}

/// Runs `SERVICE ARGUMENTS` with nothing set but where SNS and SQS are and how the queues are called, and where nobody can
/// be asked.
async fn run(cell: &Cell, service: &str, arguments: &[&str]) -> Result<Told> {
    let queues = match service {
        "order-service" => [&cell.order_events, &cell.order_assignments],
        "courier-service" => [&cell.courier_events, &cell.assignments],
        _ => [&cell.events, &cell.assignments],
    };
    let settings = [
        ("AWS_ENDPOINT_URL", cell.servers.aws_endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("EVENTS_QUEUE", &queues[0].name),
        ("ASSIGNMENTS_QUEUE", &queues[1].name),
    ];
    Told::by(service, &settings, arguments).await
}

/// The only dead letter that a service has, as it lists it.
async fn only_dead_letter(cell: &Cell, service: &str) -> Result<Value> {
    let what = format!("{service} lists one dead letter");
    eventually(&what, || async {
        let told = dlq(cell, service, &["list", "--json"]).await?;
        ensure!(told.code == Some(0) && told.notes.lines().all(|note| note == "no dead letters"), "{}", told.notes);
        let mut listed = told.json()?;
        ensure!(listed.len() <= 1, "{listed:?}");
        Ok(listed.pop())
    })
    .await
}

fn text<'a>(letter: &'a Value, field: &str) -> Result<&'a str> {
    letter[field].as_str().with_context(|| format!("{field}: {letter}"))
}

async fn dead(queue: &TestQueue) -> Result<Depth> {
    test_support::queues::depth(&queue.sqs, &queue.dlq_url).await
}

fn attribute(value: &str) -> Result<MessageAttributeValue> {
    Ok(MessageAttributeValue::builder().data_type("String").string_value(value).build()?)
}

const FIRST_SENT: &str = "2021-07-18T10:22:10.170682Z";
const ONE: Depth = Depth { visible: 1, ..Depth::EMPTY };

#[tokio::test]
async fn poison_is_seen_shown_redriven_and_purged() -> Result<()> {
    let cell = Cell::new().await?;
    let service = cell.start_assignment_service().await?;
    let poison = format!("{POISON} that is no JSON");
    cell.bus.publish(&cell.events_topic.arn, &poison, &[("eventType", "AddOrder")]).await?;

    let listed = only_dead_letter(&cell, "assignment-service").await?;
    assert_eq!(dead(&cell.events).await?, ONE, "a look leaves it there to be seen");
    assert!(text(&listed, "reason")?.starts_with("not JSON: "), "{listed}");
    assert_eq!((text(&listed, "queue")?, text(&listed, "eventType")?), (cell.events.name.as_str(), "AddOrder"));
    let time = |name| anyhow::Ok(text(&listed, name)?.parse::<DateTime<Utc>>()?);
    assert!(time("sentAt")? <= time("failedAt")?, "{listed}");
    let table = dlq(&cell, "assignment-service", &["list"]).await?.results;
    assert!(table.contains(text(&listed, "messageId")?) && table.lines().count() == 2, "{table}");

    let shown = dlq(&cell, "assignment-service", &["show", text(&listed, "messageId")?]).await?;
    assert_eq!(shown.code, Some(0), "{}", shown.notes);
    assert!(shown.results.contains(&poison) && shown.results.contains("not JSON: "), "{}", shown.results);
    let unknown = dlq(&cell, "assignment-service", &["show", "nobody"]).await?;
    assert!(unknown.code == Some(1) && unknown.notes.contains("nobody"), "{}", unknown.notes);

    // It fails again, and is still the message that it was.
    let redriven = dlq(&cell, "assignment-service", &["redrive", "--all"]).await?;
    assert!(redriven.code == Some(0) && redriven.results.contains(": 1 redriven, 0 failed"), "{}", redriven.results);
    let again = only_dead_letter(&cell, "assignment-service").await?;
    assert_ne!(again["messageId"], listed["messageId"]);
    assert_eq!([&again["sourceMessageId"], &again["sentAt"]], [&listed["sourceMessageId"], &listed["sentAt"]]);

    let refused = dlq(&cell, "assignment-service", &["purge"]).await?;
    assert!(refused.code == Some(2) && refused.notes.contains("--yes"), "{}", refused.notes);
    assert_eq!(dead(&cell.events).await?, ONE);
    let purged = dlq(&cell, "assignment-service", &["purge", "--yes"]).await?;
    assert!(purged.code == Some(0) && purged.results.contains(&cell.events.name), "{}", purged.results);
    assert_eq!(dead(&cell.events).await?, Depth::EMPTY);
    service.stop().await
}

/// What was a dead letter only because of its consumer: it is redriven twice, and has one effect.
#[tokio::test]
async fn a_redriven_order_is_assigned_once_and_by_the_time_of_its_first_sending() -> Result<()> {
    let cell = Cell::new().await?;
    let services = cell.start_all().await?;
    let world = services.world(&cell).await?;
    let (order, courier) = (Uuid::new_v4(), Uuid::new_v4());
    for body in [events::courier(courier, &world.zone, true), events::order(order, &world.zone)] {
        // Each lies there twice, as after a redrive that was cut off before it deleted.
        for _ in 0..2 {
            let call = cell.events.sqs.send_message().queue_url(&cell.events.dlq_url).message_body(body.to_string());
            let call = call
                .message_attributes("failureReason", attribute("a version that could not read it")?)
                .message_attributes("sourceMessageId", attribute(body["orderId"].as_str().unwrap_or("of-the-courier"))?)
                .message_attributes("sentAt", attribute(FIRST_SENT)?);
            call.send().await?;
        }
    }
    eventually("all is redriven", || async {
        let told = dlq(&cell, "assignment-service", &["redrive", "--all"]).await?;
        ensure!(told.code == Some(0), "{}", told.notes);
        Ok((dead(&cell.events).await? == Depth::EMPTY).then_some(()))
    })
    .await?;
    world.availability(courier, true).await?;
    cell.events.drained().await?;
    let logged = world.assignments().list(&format!("/events?orderId={order}&limit=100")).await?;
    let added = logged.iter().filter(|event| event["type"] == "AddOrder").count();
    assert_eq!(added, 1, "{logged:?}");
    let news = world.assignments().list(&format!("/events?courierId={courier}&limit=100")).await?;
    let news: Vec<&Value> = news.iter().filter(|event| event["type"] == "AddCourier").collect();
    assert_eq!(news.len(), 1, "{news:?}");
    assert_eq!(news[0]["occurredAt"], json!(FIRST_SENT), "{news:?}");
    Ok(())
}

#[tokio::test]
async fn each_service_knows_its_own_queues() -> Result<()> {
    let cell = Cell::new().await?;
    for (service, queues) in [
        ("order-service", [&cell.order_events, &cell.order_assignments]),
        ("courier-service", [&cell.courier_events, &cell.assignments]),
    ] {
        for queue in queues {
            queue.sqs.send_message().queue_url(&queue.dlq_url).message_body(format!("{POISON} by hand")).send().await?;
        }
        let listed = dlq(&cell, service, &["list", "--json"]).await?.json()?;
        let of: Vec<&str> = listed.iter().map(|letter| text(letter, "queue")).collect::<Result<_>>()?;
        assert_eq!(of, queues.map(|queue| queue.name.as_str()), "{service}");
        let help = run(&cell, service, &["--help"]).await?.results;
        assert!(help.contains("dlq") && help.contains("--database-url"), "{help}");
        let one = dlq(&cell, service, &["purge", "--yes", "--queue", &queues[1].name]).await?;
        assert_eq!((one.code, dead(queues[0]).await?, dead(queues[1]).await?), (Some(0), ONE, Depth::EMPTY));
    }
    Ok(())
}
