//! The Lua scripts where not everybody may be asked: declines, windows, shares of a capacity, and walks along a line that is
//! blocked in places. The time is the test's own, except where published times are looked at.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result};
use assignment_service::{
    choice::{Chosen, Drained, Told, Warm},
    domain::{
        courier::{Presence, ZoneEntry},
        order::Line,
        policy::{Policy, Selection, Window},
        settlement::{Former, Update},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use dispatch_contracts::{
    courier::Capacity,
    id::{CourierId, OrderId},
};
use test_support::eventually;

use crate::{
    choice::load,
    world::{World, add_courier, add_order, courier_id, order_id},
};

/// So many seconds after the beginning of this test's time.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

async fn tell(world: &World, update: Update, now: i64) -> Result<Told> {
    match world.choice.update(&[update], at(now)).await?.pop() {
        Some(Warm::Answer(told)) => Ok(told),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn courier(world: &World, capacity: Option<i64>, now: i64) -> Result<CourierId> {
    let (courier_id, zone) = (courier_id(), world.zone.clone());
    let capacity = capacity.map(|most| Capacity::try_from(most).map_err(anyhow::Error::msg)).transpose()?;
    let presence = Presence::Available;
    tell(world, Update::Courier(ZoneEntry { zone, courier_id, presence, capacity, carried: 0, revision: 1 }), now)
        .await?;
    Ok(courier_id)
}

async fn waits(world: &World, order_id: OrderId, rank: f64, declined: &[(CourierId, i64)], now: i64) -> Result<Told> {
    let declined = declined.iter().map(|(courier, when)| (*courier, at(*when))).collect();
    let (zone, line, former) = (world.zone.clone(), Line { rank, declined }, Former::Pick(None));
    tell(world, Update::Await { zone, order_id, line, former }, now).await
}

async fn drain(world: &World, after: Option<OrderId>, most: usize, now: i64) -> Result<Drained> {
    match world.choice.drain(&world.zone, after, most, at(now)).await? {
        Warm::Answer(drained) => Ok(drained),
        Warm::Cold => anyhow::bail!("cold"),
    }
}

fn who(drained: &Drained) -> Vec<(OrderId, CourierId)> {
    drained.picks.iter().map(|(order, pick)| (*order, pick.courier_id)).collect()
}

async fn given(world: &World, now: i64) -> Result<Option<CourierId>> {
    match world.choice.assign(&[(world.zone.clone(), order_id())], at(now)).await?.pop() {
        Some(Warm::Answer(Chosen::Picked(pick))) => Ok(Some(pick.courier_id)),
        Some(Warm::Answer(Chosen::Nobody)) => Ok(None),
        other => anyhow::bail!("{other:?}"),
    }
}

#[tokio::test]
async fn whoever_declined_is_asked_again_only_when_nobody_else_is_there_and_time_has_passed() -> Result<()> {
    let world = World::with(Policy { decline_ttl: Duration::from_secs(100), ..Policy::default() }).await?;
    load(&world.choice, &world.zone, &[]).await?;
    let (first, second) = (courier(&world, None, 0).await?, courier(&world, None, 0).await?);
    let order = order_id();
    waits(&world, order, 1.0, &[(first, 0)], 1).await?;
    let step = drain(&world, None, 10, 1).await?;
    let pick = step.picks.first().context("a pick")?.1;
    assert_eq!((pick.courier_id, pick.candidates, pick.runner_up), (second, 1, None), "first was next, but declined");

    // Both declined: it waits, and the answer says until when.
    let (zone, line) = (world.zone.clone(), Line { rank: 1.0, declined: vec![(first, at(0)), (second, at(20))] });
    tell(&world, Update::Await { zone, order_id: order, line, former: Former::Pick(Some(second)) }, 20).await?;
    let step = drain(&world, None, 10, 20).await?;
    assert_eq!((who(&step), step.more, step.again), (vec![], false, Some(at(100))));
    assert_eq!(who(&drain(&world, None, 10, 99).await?), []);
    // Whoever is new goes before whoever has declined, however long ago.
    let third = courier(&world, None, 200).await?;
    for _ in 0..3 {
        assert_eq!(given(&world, 200).await?, None, "nobody overtakes it");
    }
    assert_eq!(who(&drain(&world, None, 10, 200).await?), [(order, third)]);
    Ok(())
}

#[tokio::test]
async fn whose_decline_has_aged_may_be_asked_again() -> Result<()> {
    let world = World::with(Policy { decline_ttl: Duration::from_secs(100), ..Policy::default() }).await?;
    load(&world.choice, &world.zone, &[]).await?;
    let (first, second) = (courier(&world, None, 0).await?, courier(&world, None, 0).await?);
    let order = order_id();
    waits(&world, order, 1.0, &[(second, 10), (first, 50)], 60).await?;
    assert_eq!(drain(&world, None, 10, 60).await?.again, Some(at(110)));
    assert_eq!(who(&drain(&world, None, 10, 110).await?), [(order, second)]);
    Ok(())
}

#[tokio::test]
async fn an_order_that_all_have_declined_holds_up_nobody_behind_it() -> Result<()> {
    let world = World::new().await?;
    load(&world.choice, &world.zone, &[]).await?;
    let somebody = courier(&world, None, 0).await?;
    let orders: Vec<OrderId> = (0..9).map(|_| order_id()).collect();
    for (rank, order) in orders.iter().enumerate() {
        let declined = if rank % 2 == 0 { vec![(somebody, 0)] } else { Vec::new() };
        waits(&world, *order, rank as f64, &declined, 1).await?;
    }
    // In steps of two: each goes on behind what it passed by, and the walk ends.
    let (mut after, mut taken, mut steps) = (None, Vec::new(), 0);
    loop {
        let step = drain(&world, after, 2, 1).await?;
        taken.extend(who(&step).into_iter().map(|(order, _)| order));
        steps += 1;
        assert!(steps < 20, "the walk never ends");
        if !step.more {
            break;
        }
        after = step.next;
    }
    assert_eq!(taken, [orders[1], orders[3], orders[5], orders[7]]);
    assert_eq!(world.size(&world.zone, "pending").await?, 5);
    // Somebody new takes them from the front.
    let newcomer = courier(&world, None, 2).await?;
    let step = drain(&world, None, 2, 2).await?;
    assert_eq!(who(&step), [(orders[0], newcomer), (orders[2], newcomer)]);
    Ok(())
}

#[tokio::test]
async fn a_window_lets_a_courier_rest_and_says_until_when() -> Result<()> {
    let window = Some(Window { most: 2, length: Duration::from_secs(60) });
    let world = World::with(Policy { window, ..Policy::default() }).await?;
    load(&world.choice, &world.zone, &[]).await?;
    let somebody = courier(&world, None, 0).await?;
    assert_eq!((given(&world, 0).await?, given(&world, 30).await?), (Some(somebody), Some(somebody)));
    assert_eq!(given(&world, 59).await?, None, "two within a minute are enough");
    let told = waits(&world, order_id(), 1.0, &[], 59).await?;
    assert_eq!(told, Told::Follows { drainable: true }, "only a drain finds out when the rest is over");
    assert_eq!(drain(&world, None, 10, 59).await?.again, Some(at(60)));
    assert_eq!(drain(&world, None, 10, 60).await?.picks.len(), 1, "the first is a minute old");
    assert_eq!(given(&world, 89).await?, None);
    assert_eq!(given(&world, 90).await?, Some(somebody));
    Ok(())
}

#[tokio::test]
async fn a_window_is_one_of_the_times_that_are_published() -> Result<()> {
    const ORDERS: usize = 20;
    let window = Some(Window { most: 50, length: Duration::from_secs(60) });
    let world = World::with(Policy { window, ..Policy::default() }).await?;
    let instance = world.instance();
    // Half of them out of the line, and half of them as they come.
    for _ in 0..ORDERS / 2 {
        add_order(&instance, order_id(), &world.zone).await?;
    }
    add_courier(&instance, courier_id(), &world.zone, true).await?;
    eventually("the line is empty", || async { Ok((world.assigned().await?.len() == ORDERS / 2).then_some(())) })
        .await?;
    for _ in 0..ORDERS / 2 {
        add_order(&instance, order_id(), &world.zone).await?;
    }
    let published: Vec<DateTime<Utc>> =
        sqlx::query_scalar("SELECT assigned_at FROM orders ORDER BY 1").fetch_all(&world.pool).await?;
    let published: Vec<String> = published.iter().map(|at| at.timestamp_millis().to_string()).collect();
    assert_eq!(published.len(), ORDERS);
    assert_eq!(world.recent(&world.zone).await?, [published.join(" ")]);
    Ok(())
}

#[tokio::test]
async fn by_ratio_the_smallest_share_of_the_capacity_goes_first() -> Result<()> {
    let world = World::with(Policy { selection: Selection::Ratio, ..Policy::default() }).await?;
    load(&world.choice, &world.zone, &[]).await?;
    let (small, large) = (courier(&world, Some(2), 0).await?, courier(&world, Some(6), 0).await?);
    let mut counts: BTreeMap<CourierId, u32> = BTreeMap::new();
    for _ in 0..4 {
        *counts.entry(given(&world, 1).await?.context("somebody")?).or_default() += 1;
    }
    assert_eq!(counts, BTreeMap::from([(small, 1), (large, 3)]), "half of each");
    for _ in 0..4 {
        given(&world, 1).await?.context("somebody")?;
    }
    assert_eq!(given(&world, 1).await?, None, "all full");
    Ok(())
}

#[tokio::test]
async fn a_zone_that_was_loaded_under_another_policy_is_cold() -> Result<()> {
    let world = World::new().await?;
    load(&world.choice, &world.zone, &[]).await?;
    let other = World::with(Policy { selection: Selection::Ratio, ..Policy::default() }).await?;
    assert!(world.choice.is_warm(&world.zone, at(0)).await?);
    assert!(!other.choice.is_warm(&world.zone, at(0)).await?);
    Ok(())
}
