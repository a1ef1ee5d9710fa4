//! What people look at, read from the facts: all zones together, the end of the log, a courier's work, the pace.

use std::time::Duration;

use anyhow::{Context as _, Result};
use assignment_service::{
    domain::latencies::Latencies,
    facts::{Facts, PaceRow, RecentFilter, ZoneState},
    pace::{Pace, start_of_stretch},
};
use chrono::{TimeDelta, Utc};
use dispatch_contracts::event::{OrderStep, Payload};
use runtime::Clock;
use test_support::eventually;
use tokio_util::sync::CancellationToken;

use crate::{
    lives::live,
    world::{World, add_courier, add_order, courier_id, incoming, order_id, zone},
};

#[tokio::test]
async fn the_worst_zone_comes_first_and_the_counts_are_those_of_the_couriers() -> Result<()> {
    let world = World::new().await?;
    let (instance, facts) = (world.instance(), Facts::new(world.pool.clone()));
    assert_eq!(facts.totals().await?.zones, 0);
    assert!(facts.worst_zones(0, 10).await?.is_empty());

    let (calm, lonely) = (world.zone.clone(), zone("lonely")?);
    let (busy, idle, away) = (courier_id(), courier_id(), courier_id());
    add_courier(&instance, busy, &calm, true).await?;
    add_courier(&instance, away, &calm, false).await?;
    let (open, done) = (order_id(), order_id());
    add_order(&instance, open, &calm).await?;
    add_order(&instance, done, &calm).await?;
    live(&instance, done, Payload::OrderDelivered).await?;
    add_courier(&instance, idle, &calm, true).await?;
    for _ in 0..2 {
        add_order(&instance, order_id(), &lonely).await?;
    }

    let zones = facts.worst_zones(0, 10).await?;
    let [worst, rest] = &zones[..] else { anyhow::bail!("{zones:?}") };
    let ZoneState { zone, waiting_orders, waiting_since, couriers, least_open, .. } = worst;
    assert_eq!((zone.as_str(), *waiting_orders, *couriers, *least_open), (lonely.as_str(), 2, 0, None));
    assert!(waiting_since.is_some());
    assert_eq!((rest.zone.as_str(), rest.waiting_orders, rest.waiting_since), (calm.as_str(), 0, None));
    assert_eq!((rest.couriers, rest.available_couriers, rest.open_orders), (3, 2, 1));
    assert_eq!((rest.least_open, rest.most_open), (Some(0), Some(1)));
    assert_eq!(facts.worst_zones(1, 10).await?.len(), 1, "a page later");

    let totals = facts.totals().await?;
    assert_eq!((totals.zones, totals.available_couriers, totals.open_orders, totals.waiting_orders), (2, 2, 1, 2));
    assert_eq!(totals.waiting_since, *waiting_since);

    let page = facts.couriers_by_score(&calm, 0, 2).await?;
    assert_eq!(page.iter().map(|load| load.courier_id).collect::<Vec<_>>(), [idle, busy]);
    let page = facts.couriers_by_score(&calm, 2, 2).await?;
    assert_eq!(page.iter().map(|load| load.courier_id).collect::<Vec<_>>(), [away]);
    // Of those with as many, who is next comes first: who has waited longest, also after what they had is done.
    live(&instance, open, Payload::OrderDelivered).await?;
    for next in [[busy, idle], [idle, busy], [busy, idle]] {
        let page = facts.couriers_by_score(&calm, 0, 2).await?;
        assert_eq!(page.iter().map(|load| load.courier_id).collect::<Vec<_>>(), next);
        let order = order_id();
        add_order(&instance, order, &calm).await?;
        let decided = facts.stints(next[0], 1).await?;
        assert_eq!(decided.first().map(|stint| stint.order_id), Some(order.as_uuid()));
        live(&instance, order, Payload::OrderDelivered).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_end_of_the_log_is_found_by_whatever_it_is_about() -> Result<()> {
    let world = World::new().await?;
    let (instance, facts) = (world.instance(), Facts::new(world.pool.clone()));
    let (courier, order) = (courier_id(), order_id());
    let before = facts.settled().await?;
    add_courier(&instance, courier, &world.zone, true).await?;
    add_order(&instance, order, &world.zone).await?;
    add_order(&instance, order_id(), &zone("other")?).await?;

    let types = async |filter: RecentFilter| -> Result<Vec<String>> {
        let lines = facts.recent(&filter, 10).await?;
        assert!(lines.is_sorted_by_key(|line| std::cmp::Reverse(line.seq)), "the newest first");
        Ok(lines.into_iter().map(|line| line.r#type).collect())
    };
    let of = RecentFilter::default;
    assert_eq!(types(of()).await?, ["AddOrder", "OrderAssigned", "AddOrder", "AddCourier"]);
    assert_eq!(types(RecentFilter { order_id: Some(order), ..of() }).await?, ["OrderAssigned", "AddOrder"]);
    assert_eq!(types(RecentFilter { courier_id: Some(courier), ..of() }).await?, ["OrderAssigned", "AddCourier"]);
    let here = Some(world.zone.clone());
    assert_eq!(types(RecentFilter { zone: here.clone(), ..of() }).await?, ["OrderAssigned", "AddOrder", "AddCourier"]);
    assert_eq!(types(RecentFilter { zone: here, r#type: Some("AddOrder"), ..of() }).await?, ["AddOrder"]);

    let settled = facts.settled().await?;
    let touches = facts.touches(before, settled, 10).await?;
    assert_eq!((touches.len(), touches[0].seq), (4, settled));
    assert_eq!(touches[1].courier_id, Some(courier.as_uuid()));
    assert_eq!(facts.touches(before, settled, 1).await?, touches[..1]);
    assert!(facts.touches(settled, settled, 10).await?.is_empty());

    assert_eq!(facts.what_is(order.as_uuid()).await?, Some(("orders".to_owned(), order.as_uuid())));
    assert_eq!(facts.what_is(courier.as_uuid()).await?, Some(("couriers".to_owned(), courier.as_uuid())));
    let lines = facts.recent(&RecentFilter { order_id: Some(order), ..of() }, 10).await?;
    let heard = lines.iter().find(|line| line.r#type == "AddOrder").context("it was logged")?.event_id;
    assert_eq!(facts.what_is(heard).await?, Some(("orders".to_owned(), order.as_uuid())), "by its event");
    assert_eq!(facts.what_is(uuid::Uuid::new_v4()).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_couriers_work_has_a_beginning_and_an_end() -> Result<()> {
    let world = World::new().await?;
    let (instance, facts) = (world.instance(), Facts::new(world.pool.clone()));
    let (courier, done, stays) = (courier_id(), order_id(), order_id());
    add_courier(&instance, courier, &world.zone, true).await?;
    add_order(&instance, done, &world.zone).await?;
    live(&instance, done, Payload::OrderPickedUp).await?;
    live(&instance, done, Payload::OrderDelivered).await?;
    add_order(&instance, stays, &world.zone).await?;

    let stints = facts.stints(courier, 10).await?;
    let [open, past] = &stints[..] else { anyhow::bail!("{stints:?}") };
    assert_eq!((open.order_id, open.until, open.ended_by.as_deref()), (stays.as_uuid(), None, None));
    assert_eq!((past.order_id, past.ended_by.as_deref()), (done.as_uuid(), Some("OrderDelivered")));
    assert!(past.until.is_some_and(|until| until >= past.since), "picking it up is no end");
    assert_eq!((open.status.as_str(), past.status.as_str()), ("assigned", "delivered"));
    // What lasts is never behind what is over.
    let later = order_id();
    add_order(&instance, later, &world.zone).await?;
    live(&instance, later, Payload::OrderDelivered).await?;
    let latest = facts.stints(courier, 10).await?.iter().map(|stint| stint.order_id).collect::<Vec<_>>();
    assert_eq!(latest, [stays, later, done].map(|order| order.as_uuid()));
    assert_eq!(facts.stints(courier, 1).await?[0].order_id, stays.as_uuid());
    // Somebody else is said to have delivered it.
    let elsewhere = OrderStep { order_id: stays, courier_id: Some(courier_id()) };
    instance.live(&[&incoming(Utc::now(), Payload::OrderDelivered(elsewhere))]).await?;
    assert_eq!(facts.stints(courier, 1).await?[0].until, None);
    assert!(facts.stints(courier_id(), 10).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn the_pace_of_all_instances_adds_up_and_old_rows_go() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let mut latencies = Latencies::default();
    latencies.add(Duration::from_millis(100));
    let now = start_of_stretch(Utc::now());
    let row = |started_at| PaceRow { started_at, assigned: 1, latencies: latencies.counts() };
    let old = now - TimeDelta::hours(2);
    facts.add_pace("one", &row(old), old).await?;
    facts.add_pace("one", &row(now), old).await?;
    facts.add_pace("one", &row(now), old).await?;
    facts.add_pace("other", &row(now), now - TimeDelta::hours(1)).await?;

    let paces = facts.paces(old).await?;
    assert_eq!(paces.iter().map(|pace| pace.assigned).collect::<Vec<_>>().iter().sum::<i32>(), 3, "{paces:?}");
    assert!(paces.iter().all(|pace| pace.started_at == now), "the old one went");
    let mut all = Latencies::default();
    for pace in &paces {
        all.merge(&pace.latencies);
    }
    assert_eq!(all.counts().iter().sum::<i32>(), 3);
    Ok(())
}

#[tokio::test]
async fn what_is_published_is_written_down_also_when_the_process_ends() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let pace = Pace::new(facts.clone(), Clock::system());
    let stop = CancellationToken::new();
    let noting = tokio::spawn(pace.clone().run(stop.clone()));
    let note = pace.observer();
    note("OrderAssigned", Some(Duration::from_millis(5)));
    note("OrderUnassigned", Some(Duration::from_millis(5)));
    note("OrderAssigned", None);
    stop.cancel();
    noting.await??;
    let written = eventually("the pace", || async {
        let paces = facts.paces(Utc::now() - TimeDelta::minutes(1)).await?;
        Ok((paces.iter().map(|pace| pace.assigned).sum::<i32>() == 2).then_some(paces))
    });
    let known: i32 = written.await?.iter().flat_map(|pace| &pace.latencies).sum();
    assert_eq!(known, 1, "of the other one nobody knows when it began");
    Ok(())
}
