//! `assignment-service replay`: what an operator does when a consumer has lost its data.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use e2e::{
    Cell, Told, World,
    cell::{NOBODY, Processes},
    events,
};
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

const ALWAYS: [&str; 4] = ["--from", "2000-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"];

async fn operate(cell: &Cell, arguments: &[&str]) -> Result<Told> {
    let settings = [
        ("AWS_ENDPOINT_URL", cell.servers.aws_endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("DATABASE_URL", &cell.assignment_database),
        ("ASSIGNMENT_TOPIC_ARN", &cell.assignment_topic.arn),
    ];
    Told::by("assignment-service", &settings, arguments).await
}

async fn done(cell: &Cell, arguments: &[&str]) -> Result<String> {
    let told = operate(cell, arguments).await?;
    ensure!(told.code == Some(0), "{arguments:?}: {told:?}");
    Ok(told.results)
}

/// A courier of the zone, over REST: what is told without a time is as old as each queue has it, and so not quite the same
/// when the log of another service tells it again.
async fn registered(world: &World, capacity: u32) -> Result<Uuid> {
    let courier = Uuid::new_v4();
    let body = json!({"name": "a", "zone": world.zone, "capacity": capacity});
    world.couriers().put(&format!("/couriers/{courier}"), &body).await?.expect(201)?;
    world.availability(courier, true).await?;
    Ok(courier)
}

/// Orders in every state, one that was with two couriers among them; and who there is.
async fn busy(world: &World) -> Result<(Vec<Uuid>, Vec<Uuid>)> {
    let first = registered(world, 3).await?;
    let mut orders = Vec::new();
    for steps in [&["OrderPickedUp", "OrderDelivered"][..], &["OrderPickedUp"], &["OrderCancelled"]] {
        let (order, ..) = world.next_order().await?;
        for step in steps {
            world.publish(&events::step(step, order)).await?;
            world.taken_in(order, step, 1).await?;
        }
        orders.push(order);
    }
    let (declined, ..) = world.next_order().await?;
    let second = registered(world, 1).await?;
    world.couriers().post(&format!("/couriers/{first}/orders/{declined}/reject"), &json!(null)).await?.expect(202)?;
    world.stands(declined, "assigned", Some(second)).await?;
    orders.push(declined);
    world.couriers().post(&format!("/couriers/{first}/unavailable"), &json!(null)).await?.expect(202)?;
    world.availability(first, false).await?;
    let waits = world.publish_order().await?;
    world.waits(waits).await?;
    orders.push(waits);
    Ok((orders, vec![first, second]))
}

/// All that courier-service shows of them.
async fn shown(world: &World, orders: &[Uuid], couriers: &[Uuid]) -> Result<BTreeMap<String, Value>> {
    let mut shown = BTreeMap::new();
    let paths = orders.iter().map(|order| format!("/orders/{order}/courier"));
    for path in paths.chain(couriers.iter().map(|courier| format!("/couriers/{courier}"))) {
        let answer = world.couriers().get(&path).await?;
        shown.insert(path, if answer.status == 404 { Value::Null } else { answer.expect(200)? });
    }
    for courier in couriers {
        let path = format!("/couriers/{courier}/orders");
        let mut theirs = world.couriers().list(&path).await?;
        theirs.sort_by_key(|pair| pair["orderId"].to_string());
        shown.insert(path, Value::Array(theirs));
    }
    Ok(shown)
}

#[tokio::test]
async fn courier_service_is_made_anew_from_an_empty_database() -> Result<()> {
    let mut cell = Cell::new().await?;
    let mut processes = cell.start_all().await?;
    let world = processes.world(&cell).await?;
    let (orders, couriers) = busy(&world).await?;
    cell.quiet().await?;
    let before = shown(&world, &orders, &couriers).await?;

    processes.courier.stop().await?;
    cell.lose_courier_database().await?;
    processes = Processes { courier: cell.start_courier_service(NOBODY).await?, ..processes };
    let mut again = processes.world(&cell).await?;
    again.zone = world.zone;
    let world = again;
    let empty = shown(&world, &orders, &[]).await?;
    assert!(empty.values().all(Value::is_null), "{empty:?}");

    let queue = |name| [&["replay", "--publish", "--queue", name][..], &ALWAYS].concat();
    done(&cell, &[&queue(&cell.courier_events.name)[..], &["--what", "events"]].concat()).await?;
    done(&cell, &queue(&cell.assignments.name)).await?;
    let shown_again = eventually("courier-service shows what it showed before", || async {
        let now = shown(&world, &orders, &couriers).await;
        Ok(now.is_ok_and(|now| now == before).then_some(()))
    });
    if let Err(late) = shown_again.await {
        assert_eq!(shown(&world, &orders, &couriers).await?, before, "{late}");
    }
    // And a second time changes nothing, in no service.
    done(&cell, &[&["replay", "--publish"], &ALWAYS[..]].concat()).await?;
    cell.quiet().await?;
    assert_eq!(shown(&world, &orders, &couriers).await?, before);
    let said = done(&cell, &["replay", "--verify"]).await?;
    assert_eq!(said, "the log and the facts say the same: 5 orders, 2 couriers\n");
    Ok(())
}

#[tokio::test]
async fn what_is_published_again_is_marked_and_nothing_but_what_was_asked_for() -> Result<()> {
    let cell = Cell::new().await?;
    let processes = cell.start_all().await?;
    let world = processes.world(&cell).await?;
    let (orders, _) = busy(&world).await?;
    cell.quiet().await?;
    let told = world.decisions().await?;
    let events = world.events().await?;
    let declined = orders[3].to_string();
    let of_one = [&["replay", "--publish", "--order", &declined], &ALWAYS[..]].concat();
    let published = operate(&cell, &of_one).await?;
    assert_eq!((published.code, published.results.as_str()), (Some(0), "3 published\n"));
    let last = published.notes.trim_end().rsplit(' ').next().context("how far it is")?;
    assert_eq!(done(&cell, &[&of_one[..], &["--after", last]].concat()).await?, "0 published\n", "it goes on there");
    let past = [["--from", "2000-01-01T00:00:00Z"], ["--to", "2020-01-01T00:00:00Z"]].concat();
    assert_eq!(done(&cell, &[&["replay", "--publish"], &past[..]].concat()).await?, "0 published\n");
    let elsewhere = [&["replay", "--publish", "--zone", "elsewhere"], &ALWAYS[..]].concat();
    assert_eq!(done(&cell, &elsewhere).await?, "0 published\n");

    // What comes after it shows that nothing else came.
    world.publish(&events::step("OrderCancelled", orders[4])).await?;
    world.stands(orders[4], "cancelled", None).await?;
    world.publish_limited(1).await?;
    let (last, ..) = world.next_order().await?;
    told.until_orders("the last order is assigned", &[last]).await?;
    let all = told.until("all of it", |_| true).await?;
    let (replayed, new): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|message| message.attributes.contains_key("replayed"));
    assert!(new.iter().all(|message| message.order() == Some(last)), "{new:?}");
    let types: Vec<&Value> = replayed.iter().map(|message| &message.event["type"]).collect();
    assert_eq!(types, ["OrderAssigned", "OrderUnassigned", "OrderAssigned"]);
    let logged = world.assignments().list(&format!("/events?orderId={declined}&limit=100")).await?;
    for message in &replayed {
        assert_eq!(message.event["orderId"], json!(declined));
        assert_eq!(
            (message.attributes["replayed"].as_str(), &message.attributes["eventType"]),
            ("true", &message.event["type"].as_str().unwrap_or_default().to_owned())
        );
        let id = &message.event["eventId"];
        assert!(logged.iter().any(|line| line["eventId"] == *id), "{id} is the id that it had");
        assert_eq!(message.attributes["eventId"], id.as_str().context("an id")?);
    }
    let others = events.until("all of it", |_| true).await?;
    assert!(others.iter().all(|message| !message.attributes.contains_key("replayed")), "{others:?}");

    for bad in [
        &["replay"][..],
        &["replay", "--publish"],
        &["replay", "--verify", "--publish"],
        &["replay", "--verify", "--zone", "a"],
    ] {
        assert_eq!(operate(&cell, bad).await?.code, Some(2), "{bad:?}");
    }
    let events_to_all = [&["replay", "--publish", "--what", "events"], &ALWAYS[..]].concat();
    assert_eq!(operate(&cell, &events_to_all).await?.code, Some(2), "events go to one queue only");
    Ok(())
}
