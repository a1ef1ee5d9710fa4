//! The use cases against the real Redis and PostgreSQL, with several instances, losses and crashes.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::{Context as _, Result};
use assignment_service::{
    choice::{Chosen, Warm},
    domain::settlement::Update,
};
use chrono::{TimeDelta, Utc};
use dispatch_contracts::id::{CourierId, OrderId};
use test_support::eventually;
use tokio_util::sync::CancellationToken;

use crate::world::{World, add_courier, add_order, courier_id, news, order, order_id, zone};

/// Waits until as many orders are assigned, and answers who has them.
async fn assigned(world: &World, count: usize) -> Result<BTreeMap<OrderId, CourierId>> {
    eventually("the orders are assigned", || async {
        let assigned = world.assigned().await?;
        Ok((assigned.len() == count).then_some(assigned))
    })
    .await
}

/// Redis, PostgreSQL and what is published say the same, and each score is the number of open orders.
async fn agree(world: &World) -> Result<()> {
    let facts = world.assigned().await?;
    eventually("Redis holds what is committed", || async {
        let settled = world.size(&world.zone, "unrecorded").await? == 0 && world.held(&world.zone).await? == facts;
        Ok(settled.then_some(()))
    })
    .await?;
    let mut published = world.published().await?;
    published.sort();
    assert_eq!(published, facts.iter().map(|(order, courier)| (*order, *courier)).collect::<Vec<_>>());
    let mut open: BTreeMap<CourierId, u32> = BTreeMap::new();
    for courier in facts.values() {
        *open.entry(*courier).or_default() += 1;
    }
    for (courier, score) in world.scores(&world.zone).await? {
        assert_eq!(score, open.get(&courier).copied().unwrap_or(0), "{courier}");
    }
    Ok(())
}

#[tokio::test]
async fn an_order_that_came_first_is_assigned_when_a_courier_comes() -> Result<()> {
    let world = World::new().await?;
    let instance = world.instance();
    let (waits, somebody) = (order_id(), courier_id());
    add_order(&instance, waits, &world.zone).await?;
    assert_eq!(world.size(&world.zone, "pending").await?, 1);
    add_courier(&instance, somebody, &world.zone, true).await?;
    assert_eq!(assigned(&world, 1).await?, BTreeMap::from([(waits, somebody)]));
    agree(&world).await
}

#[tokio::test]
async fn waiting_orders_go_by_priority_then_age_and_are_spread() -> Result<()> {
    let world = World::new().await?;
    let instance = world.instance();
    let ids: Vec<OrderId> = (0..4).map(|_| order_id()).collect();
    for (id, priority, age) in [(ids[0], 0, 10), (ids[1], 0, 20), (ids[2], 9, 1), (ids[3], 5, 30)] {
        instance.add_orders(vec![order(id, &world.zone, priority, TimeDelta::minutes(age))?]).await?;
    }
    let couriers: BTreeSet<CourierId> = (0..2).map(|_| courier_id()).collect();
    let news = couriers.iter().map(|c| news(*c, &world.zone, true, TimeDelta::zero())).collect::<Result<Vec<_>>>()?;
    instance.add_couriers(&news.iter().map(|(event, courier)| (event, courier)).collect::<Vec<_>>()).await?;
    assigned(&world, 4).await?;
    let line: Vec<OrderId> = world.published().await?.into_iter().map(|(order, _)| order).collect();
    assert_eq!(line, [ids[2], ids[3], ids[1], ids[0]]);
    agree(&world).await?;
    assert!(world.scores(&world.zone).await?.values().all(|score| *score == 2));
    Ok(())
}

#[tokio::test]
async fn two_instances_with_each_event_twice_assign_each_order_once_and_evenly() -> Result<()> {
    let world = World::new().await?;
    let instances = [world.instance(), world.instance()];
    for _ in 0..7 {
        add_courier(&instances[0], courier_id(), &world.zone, true).await?;
    }
    let orders: Vec<_> =
        (0..300).map(|_| order(order_id(), &world.zone, 0, TimeDelta::zero())).collect::<Result<_>>()?;
    let mut batches = tokio::task::JoinSet::new();
    for (number, instance) in instances.iter().enumerate() {
        for chunk in orders.chunks(30) {
            let (instance, mut chunk) = (instance.clone(), chunk.to_vec());
            chunk.rotate_left(number * 11);
            batches.spawn(async move { instance.add_orders(chunk).await });
        }
    }
    for done in batches.join_all().await {
        done?;
    }
    assert_eq!(world.assigned().await?.len(), 300);
    agree(&world).await?;
    let scores = world.scores(&world.zone).await?;
    let (least, most) = (scores.values().min().context("scores")?, scores.values().max().context("scores")?);
    assert!(most - least <= 1, "{scores:?}");
    Ok(())
}

#[tokio::test]
async fn a_courier_who_moved_gets_nothing_of_the_former_zone_and_keeps_their_score() -> Result<()> {
    let world = World::new().await?;
    let (instance, elsewhere, mover) = (world.instance(), zone("elsewhere")?, courier_id());
    add_courier(&instance, mover, &world.zone, true).await?;
    add_order(&instance, order_id(), &world.zone).await?;
    add_courier(&instance, mover, &elsewhere, true).await?;
    add_order(&instance, order_id(), &world.zone).await?;
    assert_eq!(assigned(&world, 1).await?.len(), 1);
    assert_eq!(world.size(&world.zone, "pending").await?, 1);
    assert_eq!(world.scores(&elsewhere).await?, BTreeMap::from([(mover, 1)]));
    Ok(())
}

#[tokio::test]
async fn racing_zone_moves_leave_the_courier_in_the_newest_zone_only() -> Result<()> {
    let world = World::new().await?;
    let instances = [world.instance(), world.instance()];
    let zones = (0..6).map(|_| zone("move")).collect::<Result<Vec<_>>>()?;
    let mover = courier_id();
    let mut moves = tokio::task::JoinSet::new();
    for (position, zone) in zones.iter().enumerate() {
        let instance = instances[position % 2].clone();
        let news = news(mover, zone, true, TimeDelta::seconds(60 - position as i64))?;
        moves.spawn(async move { instance.add_couriers(&[(&news.0, &news.1)]).await });
    }
    for done in moves.join_all().await {
        done?;
    }
    for (position, zone) in zones.iter().enumerate() {
        let there = world.scores(zone).await?.contains_key(&mover);
        assert_eq!(there, position == zones.len() - 1, "zone {position}");
    }
    Ok(())
}

#[tokio::test]
async fn moving_while_orders_come_never_assigns_what_the_facts_do_not_allow() -> Result<()> {
    let world = World::new().await?;
    let instances = [world.instance(), world.instance()];
    let (elsewhere, mover) = (zone("elsewhere")?, courier_id());
    add_courier(&instances[0], mover, &world.zone, true).await?;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let instance = instances[number % 2].clone();
        let new = order(order_id(), &world.zone, 0, TimeDelta::zero())?;
        tasks.spawn(async move { instance.add_orders(vec![new]).await });
        if number == 10 {
            let (instance, news) = (instances[1].clone(), news(mover, &elsewhere, true, TimeDelta::zero())?);
            tasks.spawn(async move { instance.add_couriers(&[(&news.0, &news.1)]).await });
        }
    }
    for done in tasks.join_all().await {
        done?;
    }
    // What the mover got, they got before the move was committed; the rest waits, in Redis as in the facts.
    let held = world.assigned().await?.len() as u64;
    assert_eq!(world.scores(&elsewhere).await?, BTreeMap::from([(mover, held as u32)]), "they carry what they got");
    let waiting: i64 =
        sqlx::query_scalar("SELECT count(*) FROM orders WHERE status = 'pending'").fetch_one(&world.pool).await?;
    assert_eq!(held + waiting as u64, 20);
    assert_eq!(world.size(&world.zone, "pending").await?, waiting as u64);
    assert_eq!(world.size(&world.zone, "unrecorded").await?, 0);
    assert_eq!(world.published().await?.len() as u64, held);
    Ok(())
}

#[tokio::test]
async fn stale_news_does_not_bring_a_courier_back() -> Result<()> {
    let world = World::new().await?;
    let (instance, somebody) = (world.instance(), courier_id());
    for (available, age) in [(true, 30), (false, 10), (true, 20)] {
        let news = news(somebody, &world.zone, available, TimeDelta::seconds(age))?;
        instance.add_couriers(&[(&news.0, &news.1)]).await?;
    }
    add_order(&instance, order_id(), &world.zone).await?;
    assert_eq!(world.assigned().await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn redis_may_lose_everything_at_any_moment() -> Result<()> {
    let world = World::new().await?;
    let instances = [world.instance(), world.instance()];
    let couriers: Vec<CourierId> = (0..3).map(|_| courier_id()).collect();
    for courier in &couriers {
        add_courier(&instances[0], *courier, &world.zone, true).await?;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..60 {
        let instance = instances[number % 2].clone();
        let new = order(order_id(), &world.zone, 0, TimeDelta::zero())?;
        tasks.spawn(async move { instance.add_orders(vec![new]).await });
        if number % 10 == 5 {
            world.wipe(&world.zone).await?;
        }
    }
    for done in tasks.join_all().await {
        done?;
    }
    assigned(&world, 60).await?;
    agree(&world).await
}

#[tokio::test]
async fn waiting_orders_survive_the_loss_of_redis_without_any_further_event() -> Result<()> {
    let world = World::new().await?;
    let instance = world.instance();
    let (waits, somebody) = (order_id(), courier_id());
    add_order(&instance, waits, &world.zone).await?;
    world.wipe(&world.zone).await?;
    add_courier(&instance, somebody, &world.zone, true).await?;
    assert_eq!(assigned(&world, 1).await?, BTreeMap::from([(waits, somebody)]));
    // And where nothing at all comes in: the sweep.
    let other = World::new().await?;
    let instance = other.instance();
    add_courier(&instance, somebody, &other.zone, false).await?;
    add_order(&instance, waits, &other.zone).await?;
    other.wipe(&other.zone).await?;
    sqlx::query("UPDATE couriers SET is_available = true").execute(&other.pool).await?;
    instance.sweep(Duration::ZERO, &CancellationToken::new()).await?;
    assert_eq!(assigned(&other, 1).await?, BTreeMap::from([(waits, somebody)]));
    agree(&other).await
}

#[tokio::test]
async fn picks_of_a_process_that_died_are_recorded_by_the_sweep() -> Result<()> {
    let world = World::new().await?;
    let (instance, somebody, waits) = (world.instance(), courier_id(), order_id());
    add_courier(&instance, somebody, &world.zone, false).await?;
    add_order(&instance, waits, &world.zone).await?;
    // A drain of a process that dies between the choice and the record; its courier came back just before.
    let courier = assignment_service::facts::Facts::new(world.pool.clone());
    let back = news(somebody, &world.zone, true, TimeDelta::zero())?;
    let known = courier.take_over(&[(&back.0, &back.1)], Utc::now()).await?.pop().context("the courier")?;
    world.choice.update(&[Update::Courier(known.entry_in(&world.zone))], Utc::now()).await?;
    let Warm::Answer(step) = world.choice.drain(&world.zone, None, 10, Utc::now()).await? else {
        anyhow::bail!("cold")
    };
    assert_eq!(step.picks.len(), 1);
    assert_eq!(world.assigned().await?.len(), 0);

    instance.sweep(Duration::from_secs(60), &CancellationToken::new()).await?;
    assert_eq!(world.assigned().await?.len(), 0, "it may still be alive");
    instance.sweep(Duration::ZERO, &CancellationToken::new()).await?;
    assert_eq!(world.assigned().await?, BTreeMap::from([(waits, somebody)]));
    agree(&world).await
}

#[tokio::test]
async fn a_pick_whose_event_was_not_recorded_counts_for_nobody_for_long() -> Result<()> {
    let world = World::new().await?;
    let (instance, somebody) = (world.instance(), courier_id());
    add_courier(&instance, somebody, &world.zone, true).await?;
    let new = order(order_id(), &world.zone, 0, TimeDelta::zero())?;
    let id = new.1.order_id;
    let chosen = world.choice.assign(&[(world.zone.clone(), id)], Utc::now()).await?;
    assert!(matches!(chosen.as_slice(), [Warm::Answer(Chosen::Picked(_))]), "{chosen:?}");
    instance.sweep(Duration::ZERO, &CancellationToken::new()).await?;
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(somebody, 0)]), "nothing is known of the order yet");
    instance.add_orders(vec![new]).await?;
    assert_eq!(world.assigned().await?, BTreeMap::from([(id, somebody)]));
    agree(&world).await
}

#[tokio::test]
async fn orders_that_redis_lost_from_the_line_are_put_back_by_the_sweep() -> Result<()> {
    let world = World::new().await?;
    let (instance, somebody, waits) = (world.instance(), courier_id(), order_id());
    add_order(&instance, waits, &world.zone).await?;
    // A failover that lost the last write: the zone stays warm.
    world.lose(&world.zone, "pending").await?;
    add_courier(&instance, somebody, &world.zone, true).await?;
    assert_eq!(world.assigned().await?.len(), 0);
    instance.sweep(Duration::from_secs(60), &CancellationToken::new()).await?;
    assert_eq!(assigned(&world, 1).await?, BTreeMap::from([(waits, somebody)]));
    agree(&world).await
}

#[tokio::test]
async fn a_long_line_does_not_hold_up_another_zone() -> Result<()> {
    let world = World::new().await?;
    let (instance, short) = (world.instance(), zone("short")?);
    for _ in 0..30 {
        let chunk = (0..100).map(|_| order(order_id(), &world.zone, 0, TimeDelta::zero()));
        instance.add_orders(chunk.collect::<Result<_>>()?).await?;
    }
    add_courier(&instance, courier_id(), &world.zone, true).await?;
    eventually("the long line moves", || async { Ok((!world.published().await?.is_empty()).then_some(())) }).await?;
    let waits = order_id();
    add_order(&instance, waits, &short).await?;
    add_courier(&instance, courier_id(), &short, true).await?;
    assigned(&world, 3001).await?;
    let last = world.published().await?.pop().context("an assignment")?;
    assert_ne!(last.0, waits, "the short line waited for the end of the long one");
    Ok(())
}

#[tokio::test]
async fn news_that_redis_has_and_the_facts_lost_does_not_make_a_loop() -> Result<()> {
    let world = World::new().await?;
    let (instance, somebody, waits) = (world.instance(), courier_id(), order_id());
    add_courier(&instance, somebody, &world.zone, true).await?;
    // As after restoring a backup: the facts are older than Redis.
    sqlx::query("UPDATE couriers SET is_available = false, version_at = version_at - interval '1 day'")
        .execute(&world.pool)
        .await?;
    add_order(&instance, waits, &world.zone).await?;
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::new(), "the zone was loaded anew");
    assert_eq!((world.size(&world.zone, "pending").await?, world.assigned().await?.len()), (1, 0));
    Ok(())
}

#[tokio::test]
async fn somebody_whom_only_redis_knows_is_no_choice_for_long() -> Result<()> {
    let world = World::new().await?;
    let (instance, real, ghost) = (world.instance(), courier_id(), courier_id());
    // Comes first and so is first in a tie.
    add_courier(&instance, ghost, &world.zone, true).await?;
    add_courier(&instance, real, &world.zone, true).await?;
    sqlx::query("DELETE FROM couriers WHERE courier_id = $1").bind(ghost.as_uuid()).execute(&world.pool).await?;
    let waits = order_id();
    add_order(&instance, waits, &world.zone).await?;
    assert_eq!(assigned(&world, 1).await?, BTreeMap::from([(waits, real)]));
    agree(&world).await
}
