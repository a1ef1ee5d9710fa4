//! A thousand orders at once, each of them twice.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use e2e::{
    World,
    bus::{ASSIGNMENT_TOPIC, EVENTS_TOPIC},
    events, queues,
};
use uuid::Uuid;

const ORDERS: usize = 1_000;
const COURIERS: u64 = 7;

/// Which copies of a message there are.
enum Copies {
    /// SNS was told twice.
    Published,
    /// SNS delivered twice: the copy lies in the queue, of decisions too.
    Queued,
}

async fn each_is_assigned_once(copies: Copies) -> Result<()> {
    let world = World::new().await?;
    let decisions = world.decisions().await?;
    let couriers = events::ids(COURIERS as usize);
    let arrivals: Vec<_> = couriers.iter().map(|c| events::courier(*c, &world.zone, true).to_string()).collect();
    world.bus.publish_all(EVENTS_TOPIC, &arrivals).await?;
    world.available(COURIERS).await?;

    let orders = events::ids(ORDERS);
    let messages: Vec<_> = orders.iter().map(|order| events::order(*order, &world.zone).to_string()).collect();
    let published = world.bus.publish_all(EVENTS_TOPIC, &messages);
    match copies {
        Copies::Published => {
            tokio::try_join!(published, world.bus.publish_all(EVENTS_TOPIC, &messages))?;
        }
        Copies::Queued => {
            let [first, second] = [queues::EVENTS, queues::ORDER_EVENTS].map(|q| world.bus.send_all(q, &messages));
            tokio::try_join!(published, first, second)?;
        }
    }

    let published = decisions.until_orders("the decisions", &orders).await?;
    let assigned = world.assigned(&orders).await?;
    if matches!(copies, Copies::Queued) {
        let again: Vec<_> = published.values().flatten().map(|decision| decision.event.to_string()).collect();
        let [first, second] =
            [queues::ASSIGNMENTS, queues::ORDER_ASSIGNMENTS].map(|queue| world.bus.send_all(queue, &again));
        tokio::try_join!(first, second, world.bus.publish_all(ASSIGNMENT_TOPIC, &again[..ORDERS / 10]))?;
    }
    queues::handled(&world.bus, &queues::QUEUES).await?;
    agreed(&world, &couriers, &assigned).await?;

    // The last word: an order that comes after all copies were handled is decided after all that they could lead to.
    let fence = world.publish_order().await?;
    let published = decisions.until_orders("the last decision", &[fence]).await?;
    for order in &orders {
        let mut said: Vec<_> = published[order].iter().map(|decision| decision.event.to_string()).collect();
        said.dedup();
        let [said] = said.as_slice() else { panic!("one decision: {said:?}") };
        assert!(said.contains(&assigned[order].to_string()), "{said}");
    }
    if matches!(copies, Copies::Published) {
        let more_than_once: Vec<_> = published.values().filter(|decisions| decisions.len() > 1).collect();
        assert!(more_than_once.is_empty(), "{more_than_once:?}");
    }
    world.nothing_dead().await
}

/// Demands that what each service lists is what was found order by order, and that it is fair.
async fn agreed(world: &World, couriers: &[Uuid], assigned: &BTreeMap<Uuid, Uuid>) -> Result<()> {
    let id = |item: &serde_json::Value, field: &str| -> Result<Uuid> {
        Ok(item[field].as_str().with_context(|| format!("{field} in {item}"))?.parse()?)
    };
    let listed = world.orders().list(&format!("/orders?zone={}&limit=100", world.zone)).await?;
    assert_eq!(listed.len(), ORDERS);
    let by_orders = listed.iter().map(|order| Ok((id(order, "orderId")?, id(order, "courierId")?)));
    assert_eq!(by_orders.collect::<Result<BTreeMap<_, _>>>()?, *assigned);

    let (mut by_couriers, mut counts) = (BTreeMap::new(), Vec::new());
    for courier in couriers {
        let pairs = world.couriers().list(&format!("/couriers/{courier}/orders?limit=100")).await?;
        for pair in &pairs {
            assert_eq!(id(pair, "courierId")?, *courier);
            assert_eq!(by_couriers.insert(id(pair, "orderId")?, *courier), None, "twice: {pair}");
        }
        let load = world.load(*courier).await?.context("a load")?;
        assert_eq!(load.open_orders as usize, pairs.len());
        counts.push(pairs.len());
    }
    assert_eq!(by_couriers, *assigned);
    let (least, most) = (counts.iter().min().context("counts")?, counts.iter().max().context("counts")?);
    assert!(most - least <= 1, "{counts:?}");

    let zone = world.zone(&world.zone).await?.context("the zone")?;
    assert_eq!((zone.available_couriers, zone.waiting_orders), (COURIERS, 0));
    let scores = zone.couriers.iter().map(|load| Ok((load.courier_id.parse()?, load.open_orders as usize)));
    let scores: BTreeMap<Uuid, usize> = scores.collect::<Result<_>>()?;
    assert_eq!(scores, couriers.iter().copied().zip(counts).collect());
    Ok(())
}

#[tokio::test]
async fn a_thousand_orders_that_are_published_twice_are_each_assigned_once() -> Result<()> {
    each_is_assigned_once(Copies::Published).await
}

#[tokio::test]
async fn a_thousand_orders_that_are_delivered_twice_are_each_assigned_once() -> Result<()> {
    each_is_assigned_once(Copies::Queued).await
}
