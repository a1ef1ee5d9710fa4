//! Loading a zone into Redis: against another loader, late messages, and callers who give up.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use assignment_service::{
    choice::{Chosen, LoadStep, Warm},
    domain::{
        courier::{Presence, ZoneEntry},
        policy::{Policy, Window},
    },
    facts::Facts,
};
use chrono::{DateTime, TimeDelta, Utc};
use dispatch_contracts::event::{OrderStep, Payload};
use test_support::eventually;

use crate::{
    choice::{assign, entry, load},
    lives::is_with,
    world::{World, add_courier, add_order, courier_id, incoming, order_id},
};

#[tokio::test]
async fn a_loaded_zone_goes_on_where_the_facts_are() -> Result<()> {
    let world = World::new().await?;
    let [busy, idle, away] = [courier_id(), courier_id(), courier_id()];
    let (held, waits) = (order_id(), order_id());
    let couriers = [
        entry(&world.zone, idle, Presence::Available, 1),
        ZoneEntry { carried: 2, ..entry(&world.zone, busy, Presence::Available, 1) },
        entry(&world.zone, away, Presence::Unavailable, 1),
    ];
    let steps = [
        LoadStep::Orders(vec![(held, busy)]),
        LoadStep::Couriers(couriers.to_vec()),
        LoadStep::Pending(vec![(waits, 1.0)]),
    ];
    load(&world.choice, &world.zone, &steps).await?;
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(idle, 0), (busy, 3)]));
    assert_eq!(assign(&world, held).await?, Chosen::Known(busy));
    let Warm::Answer(view) = world.choice.view(&world.zone, 10, Utc::now()).await? else { anyhow::bail!("cold") };
    assert_eq!((view.waiting, view.waiting_orders, view.available_couriers), (vec![waits], 1, 2));
    assert_eq!(view.couriers, [(idle, 0, None), (busy, 3, None)]);
    Ok(())
}

#[tokio::test]
async fn a_loader_that_was_overtaken_changes_nothing() -> Result<()> {
    let world = World::new().await?;
    let (choice, zone, now) = (&world.choice, &world.zone, Utc::now());
    assert!(choice.load(zone, "slow", &LoadStep::Begin, now).await?);
    assert!(choice.load(zone, "fast", &LoadStep::Begin, now).await?);
    let couriers = LoadStep::Couriers(vec![entry(zone, courier_id(), Presence::Available, 1)]);
    assert!(!choice.load(zone, "slow", &couriers, now).await?);
    assert!(!choice.load(zone, "slow", &LoadStep::Finish, now).await?);
    assert!(!choice.is_warm(zone, now).await?);
    assert!(choice.load(zone, "fast", &LoadStep::Finish, now).await?);
    assert_eq!(world.scores(zone).await?, BTreeMap::new());
    Ok(())
}

#[tokio::test]
async fn a_beginning_that_is_sent_again_and_comes_late_empties_nothing() -> Result<()> {
    let world = World::new().await?;
    let (choice, zone, now, somebody) = (&world.choice, &world.zone, Utc::now(), courier_id());
    let couriers = LoadStep::Couriers(vec![entry(zone, somebody, Presence::Available, 1)]);
    for step in [LoadStep::Begin, couriers, LoadStep::Begin, LoadStep::Finish] {
        assert!(choice.load(zone, "loader", &step, now).await?);
    }
    assert_eq!(world.scores(zone).await?, BTreeMap::from([(somebody, 0)]));
    Ok(())
}

#[tokio::test]
async fn a_load_goes_on_when_whoever_needed_the_zone_gave_up() -> Result<()> {
    let world = World::new().await?;
    let instance = world.instance();
    let mut lock = Facts::new(world.pool.clone()).lock_zone(&world.zone).await?;
    let (zone, needs) = (world.zone.clone(), instance.clone());
    let needing = tokio::spawn(async move { add_order(&needs, order_id(), &zone).await });
    eventually("the load waits for the lock", || async {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database \
             WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted",
        )
        .fetch_one(&world.pool)
        .await?;
        Ok((waiting > 0).then_some(()))
    })
    .await?;
    needing.abort();
    assert!(needing.await.is_err_and(|ended| ended.is_cancelled()));
    lock.hold().await?;
    lock.release().await?;
    eventually("the zone is loaded", || async {
        Ok(world.choice.is_warm(&world.zone, Utc::now()).await?.then_some(()))
    })
    .await
}

#[tokio::test]
async fn after_a_load_nobody_rests_for_an_assignment_that_is_dated_ahead() -> Result<()> {
    let window = Some(Window { most: 1, length: Duration::from_secs(60) });
    let world = World::with(Policy { window, ..Policy::default() }).await?;
    let (instance, somebody, first) = (world.instance(), courier_id(), order_id());
    add_order(&instance, first, &world.zone).await?;
    // Nobody has the order, so it has no effect; but what is decided of the order later is dated later.
    let ahead = Payload::OrderPickedUp(OrderStep { order_id: first, courier_id: None });
    instance.live(&[&incoming(Utc::now() + TimeDelta::days(1), ahead)]).await?;
    add_courier(&instance, somebody, &world.zone, true).await?;
    is_with(&world, first, somebody).await?;
    let assigned_at: DateTime<Utc> =
        sqlx::query_scalar("SELECT assigned_at FROM orders").fetch_one(&world.pool).await?;
    assert!(assigned_at > Utc::now() + TimeDelta::hours(1), "{assigned_at}");

    world.wipe(&world.zone).await?;
    let next = order_id();
    add_order(&instance, next, &world.zone).await?;
    assert_eq!(world.assigned().await?.get(&next), Some(&somebody));
    Ok(())
}
