//! Two instances of each service, side by side: they know the same, and nothing is done twice.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use e2e::{Answer, World, events};
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// The two instances of a service.
fn both(instances: &[String]) -> Result<[&str; 2]> {
    let [first, second] = instances else { anyhow::bail!("two instances are needed, not {instances:?}") };
    Ok([first, second])
}

async fn send(world: &World, method: Method, url: String, body: &Value) -> Result<Answer> {
    Answer::to(world.client().request(method, url).json(body)).await
}

#[tokio::test]
async fn what_is_written_to_one_is_read_from_the_other() -> Result<()> {
    let world = World::new().await?;
    let [one, other] = both(world.system.order.http.each())?;
    for (written, read) in [(one, other), (other, one)] {
        let body = json!({"details": "a", "zone": world.zone});
        let made = send(&world, Method::POST, format!("{written}/orders"), &body).await?;
        let location = made.header("location").to_owned();
        let shown = Answer::to(world.client().get(format!("{read}{location}"))).await?.expect(200)?;
        assert_eq!(shown, made.expect(201)?);
    }
    let [one, other] = both(world.system.courier.http.each())?;
    for (written, read) in [(one, other), (other, one)] {
        let path = format!("/couriers/{}", Uuid::new_v4());
        let body = json!({"name": "a", "zone": world.zone});
        let made = send(&world, Method::PUT, format!("{written}{path}"), &body).await?.expect(201)?;
        assert_eq!(Answer::to(world.client().get(format!("{read}{path}"))).await?.expect(200)?, made);
        let url = format!("{read}{path}/unavailable");
        let changed = send(&world, Method::POST, url, &json!(null)).await?.expect(202)?;
        assert_eq!(Answer::to(world.client().get(format!("{written}{path}"))).await?.expect(200)?, changed);
    }
    world.nothing_dead().await
}

/// The same request many times, to both at once; answers the ids of the orders that came of it.
async fn at_once(world: &World, key: Option<&str>, body: &Value) -> Result<BTreeSet<String>> {
    let instances = both(world.system.order.http.each())?;
    let requests = (0..8).map(|number| {
        let request = world.client().post(format!("{}/orders", instances[number % 2])).json(body);
        Answer::to(match key {
            Some(key) => request.header("Idempotency-Key", key),
            None => request,
        })
    });
    let answers = try_join_all(requests).await?;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    // With a key all get the one answer; by its id only one request makes the order, and the others find it.
    ensure!(created == if key.is_some() { 8 } else { 1 }, "{answers:?}");
    let ids = answers.iter().map(|answer| {
        ensure!([200, 201].contains(&answer.status), "{answer:?}");
        Ok(answer.json()?["orderId"].as_str().context("an id")?.to_owned())
    });
    ids.collect()
}

#[tokio::test]
async fn one_request_to_both_at_once_makes_one_order() -> Result<()> {
    let world = World::new().await?;
    let events = world.events().await?;
    let mut orders = Vec::new();
    for _ in 0..10 {
        let key = Uuid::new_v4().to_string();
        let ids = at_once(&world, Some(&key), &json!({"details": "by key", "zone": world.zone})).await?;
        ensure!(ids.len() == 1, "one key, one order: {ids:?}");
        orders.push(ids.first().context("an id")?.parse()?);
        let order = Uuid::new_v4();
        let body = json!({"orderId": order, "details": "by id", "zone": world.zone});
        assert_eq!(at_once(&world, None, &body).await?, BTreeSet::from([order.to_string()]));
        orders.push(order);
    }
    let courier = world.publish_courier(1).await?;
    let assigned = world.assigned(&orders).await?;
    assert!(assigned.values().all(|by| *by == courier), "{assigned:?}");
    let last = world.publish_order().await?;
    world.assigned(&[last]).await?;
    let expected: BTreeSet<Uuid> = orders.iter().copied().chain([last]).collect();
    let published = events.until_orders("all of the orders", &[orders, vec![last]].concat()).await?;
    assert_eq!(published.keys().copied().collect::<BTreeSet<_>>(), expected);
    assert!(published.values().all(|events| events.len() == 1), "{published:?}");
    assert_eq!(world.orders().list(&format!("/orders?zone={}&limit=100", world.zone)).await?.len(), expected.len());
    world.nothing_dead().await
}

#[tokio::test]
async fn each_event_is_published_once() -> Result<()> {
    let world = World::new().await?;
    let (events, decisions) = (world.events().await?, world.decisions().await?);
    let couriers = events::ids(10);
    let path = |courier: &Uuid| format!("/couriers/{courier}");
    let body = json!({"name": "a", "zone": world.zone});
    try_join_all(couriers.iter().map(async |courier| world.couriers().put(&path(courier), &body).await?.expect(201)))
        .await?;
    world.available(10).await?;
    let orders = events::ids(200);
    let posted = orders.chunks(20).map(async |chunk| {
        for order in chunk {
            let body = json!({"orderId": order, "details": "a", "zone": world.zone});
            world.orders().post("/orders", &body).await?.expect(201)?;
        }
        anyhow::Ok(())
    });
    try_join_all(posted).await?;
    let assigned = world.assigned(&orders).await?;
    let mut counts: BTreeMap<Uuid, usize> = BTreeMap::new();
    for courier in assigned.values() {
        *counts.entry(*courier).or_default() += 1;
    }
    assert_eq!(counts, couriers.iter().map(|courier| (*courier, 20)).collect());

    // Both relays of each service have been at work; one more order, and nothing of the others is still to come.
    let last = world.orders().post("/orders", &json!({"details": "a", "zone": world.zone})).await?.expect(201)?;
    let last: Uuid = last["orderId"].as_str().context("an id")?.parse()?;
    let all = [orders, vec![last]].concat();
    let added = events.until_orders("the orders", &all).await?;
    let decided = decisions.until_orders("the decisions", &all).await?;
    for published in [added, decided] {
        assert_eq!(published.len(), all.len());
        assert!(published.values().all(|events| events.len() == 1), "{published:?}");
    }
    let all = events.until("the couriers", |_| true).await?;
    let mut arrivals: BTreeMap<String, usize> = BTreeMap::new();
    for received in all.iter().filter(|received| received.event["type"] == "AddCourier") {
        *arrivals.entry(received.event["courierId"].to_string()).or_default() += 1;
    }
    assert_eq!(arrivals.len(), couriers.len());
    assert!(arrivals.values().all(|times| *times == 1), "{arrivals:?}");
    world.nothing_dead().await
}
