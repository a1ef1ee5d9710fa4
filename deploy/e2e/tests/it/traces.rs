//! One trace for each order: from whoever asked for it, through outbox, SNS, SQS, Redis and the decision, to both read models,
//! and over gRPC.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use e2e::{
    Answer, Cell, World,
    cell::{NOBODY, Processes},
    events,
    otlp::{Collector, Span},
};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT: &str = "00f067aa0ba902b7";

/// What handling an order comes to, whoever told of it.
const HANDLED: [(&str, &str); 6] = [
    ("order-service", "process order-events-queue"),
    ("assignment-service", "process events-queue"),
    ("assignment-service", "postgresql record"),
    ("assignment-service", "send assignment-topic"),
    ("order-service", "process order-assignment-queue"),
    ("courier-service", "process assignment-queue"),
];

async fn start(cell: &Cell, collector: &Collector) -> Result<(Processes, World)> {
    let settings = collector.settings();
    let courier = cell.start_courier_service_with(NOBODY, &settings).await?;
    // A lookup is a part of the trace, also the first one on a busy machine.
    let patient = [&settings[..], &[("LOOKUP_TIMEOUT_MILLISECONDS", "15000")]].concat();
    let order = cell.start_order_service_with(&courier.grpc, &patient).await?;
    let assignment = cell.start_assignment_service_with(&settings).await?;
    let processes = Processes { order, courier, assignment };
    let world = processes.world(cell).await?;
    Ok((processes, world))
}

/// Queues and topics of a test have names of their own; here they are called as the real ones are.
fn renamed(cell: &Cell, mut spans: Vec<Span>) -> Vec<Span> {
    let names = [
        (&cell.events.name, "events-queue"),
        (&cell.order_events.name, "order-events-queue"),
        (&cell.courier_events.name, "courier-events-queue"),
        (&cell.order_assignments.name, "order-assignment-queue"),
        (&cell.assignments.name, "assignment-queue"),
    ];
    let topics = [(&cell.events_topic.arn, "events-topic"), (&cell.assignment_topic.arn, "assignment-topic")];
    for span in &mut spans {
        for (own, real) in names {
            span.name = span.name.replace(own.as_str(), real);
        }
        for (arn, real) in topics {
            span.name = span.name.replace(arn.rsplit(':').next().unwrap_or_default(), real);
        }
    }
    spans
}

/// As [`Collector::until`], by the names of the real queues and topics.
async fn until(collector: &Collector, cell: &Cell, trace: &str, wanted: &[(&str, &str)]) -> Result<Vec<Span>> {
    let own = |name: &str| {
        let name = name.replace("order-events-queue", &cell.order_events.name);
        let name = name.replace("courier-events-queue", &cell.courier_events.name);
        let name = name.replace("order-assignment-queue", &cell.order_assignments.name);
        let name = name.replace("process events-queue", &format!("process {}", cell.events.name));
        let name = name.replace("process assignment-queue", &format!("process {}", cell.assignments.name));
        let name = name.replace("events-topic", cell.events_topic.arn.rsplit(':').next().unwrap_or_default());
        name.replace("assignment-topic", cell.assignment_topic.arn.rsplit(':').next().unwrap_or_default())
    };
    let own: Vec<(&str, String)> = wanted.iter().map(|(service, name)| (*service, own(name))).collect();
    let wanted: Vec<(&str, &str)> = own.iter().map(|(service, name)| (*service, name.as_str())).collect();
    Ok(renamed(cell, collector.until(trace, &wanted).await?))
}

/// The name of what caused each span; nothing where that is no span of the trace.
fn causes(spans: &[Span]) -> BTreeSet<(&str, Option<&str>)> {
    let names: BTreeMap<&str, &str> = spans.iter().map(|span| (span.id.as_str(), span.name.as_str())).collect();
    spans.iter().map(|span| (span.name.as_str(), names.get(span.parent.as_str()).copied())).collect()
}

#[tokio::test]
async fn an_order_over_rest_is_one_trace_through_all_services() -> Result<()> {
    let (cell, collector) = (Cell::new().await?, Collector::over_grpc().await?);
    let (processes, world) = start(&cell, &collector).await?;
    let courier = world.publish_courier(1).await?;
    let order = Uuid::new_v4();
    let made = world.orders().request(Method::POST, "/orders");
    let made = made.json(&json!({"orderId": order, "details": "", "zone": world.zone}));
    Answer::to(made.header("traceparent", format!("00-{TRACE}-{CLIENT}-01"))).await?.expect(201)?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    let seen = world.orders().request(Method::GET, &format!("/orders/{order}?expand=courier"));
    Answer::to(seen.header("traceparent", format!("00-{TRACE}-{CLIENT}-01"))).await?.expect(200)?;

    let asked = [
        ("order-service", "POST /orders"),
        ("order-service", "send events-topic"),
        // The topic of a test tells everybody everything.
        ("courier-service", "process courier-events-queue"),
        ("assignment-service", "redis assign_order"),
        ("order-service", "GET /orders/{orderId}"),
        ("order-service", "dispatch.v1.CourierService/BatchGetCouriers"),
        ("courier-service", "dispatch.v1.CourierService/BatchGetCouriers"),
    ];
    let spans = until(&collector, &cell, TRACE, &[&HANDLED[..], &asked].concat()).await?;
    let expected = BTreeSet::from([
        ("POST /orders", None),
        ("send events-topic", Some("POST /orders")),
        ("process order-events-queue", Some("send events-topic")),
        ("process courier-events-queue", Some("send events-topic")),
        ("process events-queue", Some("send events-topic")),
        ("redis assign_order", Some("process events-queue")),
        ("postgresql record", Some("process events-queue")),
        ("send assignment-topic", Some("process events-queue")),
        ("process order-assignment-queue", Some("send assignment-topic")),
        ("process assignment-queue", Some("send assignment-topic")),
        ("GET /orders/{orderId}", None),
        ("dispatch.v1.CourierService/BatchGetCouriers", Some("GET /orders/{orderId}")),
        ("dispatch.v1.CourierService/BatchGetCouriers", Some("dispatch.v1.CourierService/BatchGetCouriers")),
    ]);
    assert_eq!(causes(&spans), expected);
    for span in spans.iter().filter(|span| span.name.starts_with("POST") || span.name.starts_with("GET")) {
        assert_eq!(span.parent, CLIENT, "{span:?}");
    }
    let recorded = spans.iter().find(|span| span.name == "postgresql record").map(|span| &span.attributes);
    assert_eq!(recorded.map(|said| said["dispatch.courier.id"].clone()), Some(courier.to_string()));
    cell.quiet().await?;
    stop(processes).await
}

/// Published without a word of traces, to three queues; and assigned by the news of a courier, later. Its spans are sent as
/// where no protocol is chosen.
#[tokio::test]
async fn an_injected_order_that_waits_is_one_trace_that_bears_its_id() -> Result<()> {
    let (cell, collector) = (Cell::new().await?, Collector::over_http().await?);
    let (processes, world) = start(&cell, &collector).await?;
    let order = Uuid::new_v4();
    let trace = order.simple().to_string();
    world.publish(&events::order(order, &world.zone)).await?;
    world.waits(order).await?;
    let courier = world.publish_courier(1).await?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    let spans = until(&collector, &cell, &trace, &HANDLED).await?;
    let causes = causes(&spans);
    for expected in [
        ("process events-queue", None),
        ("process order-events-queue", None),
        ("send assignment-topic", Some("process events-queue")),
        ("process assignment-queue", Some("send assignment-topic")),
        ("process order-assignment-queue", Some("send assignment-topic")),
    ] {
        assert!(causes.contains(&expected), "{expected:?}: {causes:?}");
    }
    cell.quiet().await?;
    stop(processes).await
}

async fn stop(processes: Processes) -> Result<()> {
    processes.order.stop().await?;
    processes.courier.stop().await?;
    processes.assignment.stop().await
}
