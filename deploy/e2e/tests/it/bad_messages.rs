//! Messages that can never be understood, and the good ones around them.

use std::collections::BTreeSet;

use anyhow::Result;
use e2e::{
    World,
    bus::{ASSIGNMENT_TOPIC, EVENTS_TOPIC},
    events::{self, POISON},
    queues::{self, ASSIGNMENTS, COURIER_EVENTS, EVENTS, ORDER_ASSIGNMENTS, ORDER_EVENTS},
    system::Instances,
};
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

/// A message that breaks the format, and how the reason for that begins.
struct Bad {
    body: String,
    reason: &'static str,
    /// The queues that it reaches.
    queues: &'static [&'static str],
}

impl Bad {
    /// The same, in other queues.
    fn but(self, queues: &'static [&'static str]) -> Self {
        Self { queues, ..self }
    }
}

const ORDER_QUEUES: &[&str] = &[EVENTS, ORDER_EVENTS];
const COURIER_QUEUES: &[&str] = &[EVENTS, COURIER_EVENTS];
/// Both read models follow the steps of orders.
const STEP_QUEUES: &[&str] = &[EVENTS, ORDER_EVENTS, COURIER_EVENTS];
const ASSIGNMENT_QUEUES: &[&str] = &[ORDER_ASSIGNMENTS, ASSIGNMENTS];

/// The event with one field changed, or without it.
fn with(mut event: Value, field: &str, value: Option<Value>) -> String {
    match value {
        Some(value) => event[field] = value,
        None => drop(event.as_object_mut().and_then(|fields| fields.remove(field))),
    }
    event.to_string()
}

/// Each bears the mark of its test in a field that nobody reads, or in its text.
fn bad_events(mark: &str, zone: &str) -> Vec<Bad> {
    let marked = |mut event: Value| {
        event["note"] = json!(mark);
        event
    };
    let order = |field, value, reason| {
        let event = marked(events::order(Uuid::new_v4(), zone));
        Bad { body: with(event, field, value), reason, queues: ORDER_QUEUES }
    };
    let courier = |field, value, reason| {
        let event = marked(events::courier(Uuid::new_v4(), zone, true));
        Bad { body: with(event, field, value), reason, queues: COURIER_QUEUES }
    };
    let step = |kind, field, value, reason| {
        let event = marked(events::step_by(kind, Uuid::new_v4(), Uuid::new_v4()));
        Bad { body: with(event, field, value), reason, queues: STEP_QUEUES }
    };
    let other = |body: String, reason| Bad { body, reason, queues: &[EVENTS] };
    let large = "x".repeat(200 * 1024);
    vec![
        other(format!("hello {mark}"), "not JSON: "),
        other(format!(r#"{{"orderId":"{mark}"#), "not JSON: "),
        other(format!("{mark} {large}"), "not JSON: "),
        other(json!([mark]).to_string(), "not a JSON object"),
        other(json!(mark).to_string(), "not a JSON object"),
        other(json!({"note": mark}).to_string(), "no \"type\""),
        other(json!({"note": mark, "type": 7}).to_string(), "type: "),
        order("orderId", Some(json!("b87261aa")), "orderId: "),
        order("orderId", Some(json!("b87261aa2907498eaa243bce25590a46")), "orderId: "),
        order("orderId", Some(json!(7)), "orderId: "),
        order("details", Some(json!(7)), "details: "),
        order("details", Some(json!(null)), "details: "),
        order("details", Some(json!("x".repeat(4_097))), "details: "),
        order("details", Some(json!("ä".repeat(2_049))), "details: "),
        order("details", Some(json!("\0")), "details: "),
        order("details", Some(json!(large)), "details: "),
        order("zone", Some(json!("")), "zone: "),
        order("zone", Some(json!("z".repeat(65))), "zone: "),
        order("zone", Some(json!("{S}")), "zone: "),
        order("zone", Some(json!("a b")), "zone: "),
        order("zone", Some(json!(["S"])), "zone: "),
        order("zone", None, "zone: "),
        order("addedAt", None, "addedAt: "),
        order("addedAt", Some(json!("yesterday")), "addedAt: "),
        order("addedAt", Some(json!(1_626_603_730)), "addedAt: "),
        order("priority", Some(json!(10)), "priority: "),
        order("priority", Some(json!("high")), "priority: "),
        order("eventId", Some(json!("e")), "eventId: "),
        order("occurredAt", Some(json!("now")), "occurredAt: "),
        courier("courierId", Some(json!("nobody")), "courierId: "),
        courier("name", Some(json!(true)), "name: "),
        courier("name", Some(json!("")), "name: "),
        courier("name", None, "name: "),
        courier("zone", Some(json!("")), "zone: "),
        courier("zone", Some(json!("z".repeat(65))), "zone: "),
        courier("zone", Some(json!("}{")), "zone: "),
        courier("isAvailable", Some(json!("yes")), "isAvailable: "),
        courier("capacity", Some(json!(-1)), "capacity: "),
        courier("capacity", Some(json!(1.5)), "capacity: "),
        courier("capacity", Some(json!("3")), "capacity: "),
        step("OrderPickedUp", "orderId", Some(json!("o")), "orderId: "),
        step("OrderDelivered", "courierId", Some(json!(7)), "courierId: "),
        step("OrderCancelled", "orderId", Some(json!(7)), "orderId: "),
        step("OrderRejected", "courierId", None, "courierId: ").but(ORDER_QUEUES),
    ]
}

fn bad_decisions(mark: &str, zone: &str) -> Vec<Bad> {
    let decision = |field, value, reason| {
        let (order, courier, at) = (Uuid::new_v4(), Uuid::new_v4(), "2021-07-18T10:22:10.170682Z");
        let event = json!({
            "type": "OrderAssigned", "eventId": Uuid::new_v4(), "occurredAt": at, "orderId": order, "courierId": courier,
            "zone": zone, "assignedAt": at, "note": mark,
        });
        Bad { body: with(event, field, value), reason, queues: ASSIGNMENT_QUEUES }
    };
    vec![
        Bad { body: format!("hello {mark}"), reason: "not JSON: ", queues: ASSIGNMENT_QUEUES },
        decision("orderId", Some(json!("o")), "orderId: "),
        decision("courierId", None, "courierId: "),
        decision("zone", Some(json!("{S}")), "zone: "),
        decision("assignedAt", Some(json!(0)), "assignedAt: "),
    ]
}

#[tokio::test]
async fn a_bad_message_is_put_aside_with_the_reason_and_hurts_nobody_else() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let mark = format!("{POISON}-{}", Uuid::new_v4());
    let (bad_events, bad_decisions) = (bad_events(&mark, &world.zone), bad_decisions(&mark, &world.zone));
    let mut orders = Vec::new();
    for bad in &bad_events {
        world.bus.publish(EVENTS_TOPIC, &bad.body, &[]).await?;
        orders.push(world.publish_order().await?);
    }
    for bad in &bad_decisions {
        world.bus.publish(ASSIGNMENT_TOPIC, &bad.body, &[]).await?;
        orders.push(world.publish_order().await?);
    }
    let assigned = world.assigned(&orders).await?;
    assert!(assigned.values().all(|by| *by == courier), "{assigned:?}");

    let bad: Vec<Bad> = bad_events.into_iter().chain(bad_decisions).collect();
    let mut expected: Vec<(&str, &str)> =
        bad.iter().flat_map(|bad| bad.queues.iter().map(|queue| (*queue, bad.body.as_str()))).collect();
    expected.sort_unstable();
    let dead = eventually("all of the bad messages are put aside", || async {
        let dead = queues::dead_letters(&world.bus, &mark).await?;
        let put_aside: BTreeSet<_> = dead.iter().map(|letter| (letter.queue, letter.body.as_str())).collect();
        Ok(expected.iter().all(|bad| put_aside.contains(bad)).then_some(dead))
    });
    for letter in dead.await? {
        let Some(bad) = bad.iter().find(|bad| bad.body == letter.body) else { panic!("not ours: {letter:?}") };
        let reason = letter.attributes.get("failureReason").map(String::as_str).unwrap_or_default();
        assert!(reason.starts_with(bad.reason), "{reason:?} should begin with {:?}: {:.300}", bad.reason, letter.body);
        assert_eq!(letter.attributes["sourceQueue"], letter.queue);
    }

    // No copy is left to be put aside later, and nothing else of this test was.
    queues::handled(&world.bus, &queues::QUEUES).await?;
    let dead = queues::dead_letters(&world.bus, &mark).await?;
    let mut put_aside: Vec<_> = dead.iter().map(|letter| (letter.queue, letter.body.as_str())).collect();
    put_aside.sort_unstable();
    assert_eq!(put_aside, expected);
    let of_zone = queues::dead_letters(&world.bus, &world.zone).await?;
    assert!(of_zone.iter().all(|letter| letter.body.contains(&mark)), "{of_zone:?}");
    Ok(())
}

/// How often a service has passed over an event of an unknown type, over all of its instances.
async fn passed_over(world: &World, instances: &[String]) -> Result<u64> {
    let mut sum = 0;
    for url in instances {
        let metrics = world.client().get(format!("{url}/metrics")).send().await?.error_for_status()?.text().await?;
        let counts = metrics.lines().filter_map(|line| line.strip_prefix("dispatch_events_unknown_type_total "));
        sum += counts.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    }
    Ok(sum)
}

#[tokio::test]
async fn an_unknown_type_is_counted_and_acknowledged() -> Result<()> {
    const EVENTS_OF_UNKNOWN_TYPE: u64 = 20;
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let system = &world.system;
    let [assignment, order] = [&system.assignment.http, &system.order.http].map(Instances::each);
    let before = (passed_over(&world, assignment).await?, passed_over(&world, order).await?);
    let mut orders = Vec::new();
    for number in 0..EVENTS_OF_UNKNOWN_TYPE {
        // It would be an order, were it not for its type.
        let mut event = events::order(Uuid::new_v4(), &world.zone);
        event["type"] = json!(format!("OrderPainted{number}"));
        world.publish(&event).await?;
        orders.push(world.publish_order().await?);
    }
    eventually("all of them are counted", || async {
        let now = (passed_over(&world, assignment).await?, passed_over(&world, order).await?);
        let counted = now.0 >= before.0 + EVENTS_OF_UNKNOWN_TYPE && now.1 >= before.1 + EVENTS_OF_UNKNOWN_TYPE;
        Ok(counted.then_some(()))
    })
    .await?;
    let assigned = world.assigned(&orders).await?;
    assert!(assigned.values().all(|by| *by == courier), "{assigned:?}");

    queues::handled(&world.bus, &queues::QUEUES).await?;
    let listed = world.orders().list(&format!("/orders?zone={}&limit=100", world.zone)).await?;
    assert_eq!(listed.len(), orders.len(), "what is of an unknown type is no order");
    world.nothing_dead().await
}
