//! The Lua scripts against the real server.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use assignment_service::{
    choice::{Choice, Chosen, LoadStep, Told, Warm},
    domain::{
        courier::{Presence, ZoneEntry},
        order::Line,
        policy::Policy,
        settlement::{Former, Update},
    },
};
use chrono::{TimeDelta, Utc};
use dispatch_contracts::{
    courier::Capacity,
    id::{CourierId, OrderId},
    zone::Zone,
};
use uuid::Uuid;

use crate::world::{PATIENCE, World, courier_id, order_id};

pub(crate) fn entry(zone: &Zone, courier_id: CourierId, presence: Presence, revision: i64) -> ZoneEntry {
    ZoneEntry { zone: zone.clone(), courier_id, presence, capacity: None, carried: 0, revision }
}

fn wait(zone: &Zone, order_id: OrderId, rank: f64) -> Update {
    let line = Line { rank, declined: Vec::new() };
    Update::Await { zone: zone.clone(), order_id, line, former: Former::Pick(None) }
}

/// Loads a zone with nobody in it.
async fn warm(world: &World) -> Result<()> {
    load(&world.choice, &world.zone, &[]).await
}

pub(crate) async fn load(choice: &Choice, zone: &Zone, steps: &[LoadStep]) -> Result<()> {
    let token = Uuid::new_v4().to_string();
    assert!(choice.load(zone, &token, &LoadStep::Begin, Utc::now()).await?);
    for step in steps {
        assert!(choice.load(zone, &token, step, Utc::now()).await?);
    }
    assert!(choice.load(zone, &token, &LoadStep::Finish, Utc::now()).await?);
    Ok(())
}

async fn tell(world: &World, update: Update) -> Result<Warm<Told>> {
    world.choice.update(&[update], Utc::now()).await?.pop().context("an answer")
}

async fn courier(world: &World, courier: CourierId, presence: Presence, revision: i64) -> Result<()> {
    tell(world, Update::Courier(entry(&world.zone, courier, presence, revision))).await.map(|_| ())
}

pub(crate) async fn assign(world: &World, order: OrderId) -> Result<Chosen> {
    match world.choice.assign(&[(world.zone.clone(), order)], Utc::now()).await?.pop() {
        Some(Warm::Answer(chosen)) => Ok(chosen),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn assigned_to(world: &World, order: OrderId) -> Result<CourierId> {
    match assign(world, order).await? {
        Chosen::Picked(pick) => Ok(pick.courier_id),
        other => anyhow::bail!("{other:?}"),
    }
}

#[tokio::test]
async fn every_script_answers_cold_on_an_empty_zone() -> Result<()> {
    let world = World::new().await?;
    let (zone, choice, now) = (&world.zone, &world.choice, Utc::now());
    assert_eq!(choice.assign(&[(zone.clone(), order_id())], now).await?, [Warm::Cold]);
    assert_eq!(choice.drain(zone, None, 10, now).await?, Warm::Cold);
    assert_eq!(choice.unrecorded(zone, now, "0", now).await?, Warm::Cold);
    assert_eq!(choice.view(zone, 10, now).await?, Warm::Cold);
    assert!(!choice.is_warm(zone, now).await?);
    let (order_id, courier_id) = (order_id(), courier_id());
    for update in [
        Update::Confirm { zone: zone.clone(), order_id, courier_id },
        Update::Adopt { zone: zone.clone(), order_id, courier_id },
        wait(zone, order_id, 1.0),
        Update::Release { zone: zone.clone(), order_id, former: Former::Anybody },
        Update::Courier(entry(zone, courier_id, Presence::Available, 1)),
    ] {
        assert_eq!(tell(&world, update).await?, Warm::Cold);
    }
    Ok(())
}

#[tokio::test]
async fn racing_assigners_make_one_winner_for_each_order() -> Result<()> {
    let world = World::new().await?;
    warm(&world).await?;
    let couriers: Vec<CourierId> = (0..7).map(|_| courier_id()).collect();
    for &c in &couriers {
        courier(&world, c, Presence::Available, 1).await?;
    }
    let orders: Vec<OrderId> = (0..200).map(|_| order_id()).collect();
    let asked: Vec<_> = orders.iter().map(|order| (world.zone.clone(), *order)).collect();
    // Eight assigners with connections of their own, all with all orders, each from another place on.
    let mut assigners = tokio::task::JoinSet::new();
    for assigner in 0..8 {
        let client = redis::Client::open(test_support::Servers::from_env()?.redis_url)?;
        let (mut asked, orders) = (asked.clone(), orders.clone());
        assigners.spawn(async move {
            let choice = Choice::wait_for(client, &Policy::default(), PATIENCE).await?;
            asked.rotate_left(assigner * 25);
            let mut winners = BTreeMap::new();
            for part in asked.chunks(7) {
                for ((_, order), answer) in part.iter().zip(choice.assign(part, Utc::now()).await?) {
                    let Warm::Answer(Chosen::Picked(pick)) = answer else { anyhow::bail!("{answer:?}") };
                    winners.insert(*order, pick.courier_id);
                }
            }
            assert_eq!(winners.len(), orders.len());
            Ok(winners)
        });
    }
    let answers: BTreeSet<BTreeMap<_, _>> = assigners.join_all().await.into_iter().collect::<Result<_>>()?;
    assert_eq!(answers.len(), 1, "all assigners were told the same");
    let scores = world.scores(&world.zone).await?;
    let (least, most) = (scores.values().min().context("scores")?, scores.values().max().context("scores")?);
    assert!(most - least <= 1, "{scores:?}");
    assert_eq!(scores.values().sum::<u32>(), 200);
    Ok(())
}

#[tokio::test]
async fn ties_go_to_whoever_waited_longest() -> Result<()> {
    let world = World::new().await?;
    warm(&world).await?;
    let couriers: Vec<CourierId> = (0..5).map(|_| courier_id()).collect();
    for &c in &couriers {
        courier(&world, c, Presence::Available, 1).await?;
    }
    for round in 0..3 {
        for &expected in &couriers {
            assert_eq!(assigned_to(&world, order_id()).await?, expected, "round {round}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_pick_says_what_spoke_for_it_and_a_repetition_says_the_same() -> Result<()> {
    let world = World::new().await?;
    warm(&world).await?;
    let [first, second] = [courier_id(), courier_id()];
    courier(&world, first, Presence::Available, 1).await?;
    courier(&world, second, Presence::Available, 1).await?;
    let order = order_id();
    let Chosen::Picked(pick) = assign(&world, order).await? else { anyhow::bail!("nobody") };
    assert_eq!((pick.courier_id, pick.score, pick.runner_up, pick.candidates), (first, 0, Some(second), 2));
    assert_eq!(assign(&world, order).await?, Chosen::Picked(pick), "not yet confirmed");
    let confirm = Update::Confirm { zone: world.zone.clone(), order_id: order, courier_id: first };
    tell(&world, confirm).await?;
    assert_eq!(assign(&world, order).await?, Chosen::Known(first));
    assert_eq!(world.size(&world.zone, "unrecorded").await?, 0);
    Ok(())
}

#[tokio::test]
async fn whoever_is_away_gets_nothing_and_comes_back_with_their_score() -> Result<()> {
    let world = World::new().await?;
    warm(&world).await?;
    let [away, other] = [courier_id(), courier_id()];
    courier(&world, away, Presence::Available, 1).await?;
    for _ in 0..3 {
        assert_eq!(assigned_to(&world, order_id()).await?, away);
    }
    courier(&world, away, Presence::Unavailable, 2).await?;
    assert_eq!(assign(&world, order_id()).await?, Chosen::Nobody);
    courier(&world, other, Presence::Available, 1).await?;
    assert_eq!(assigned_to(&world, order_id()).await?, other);
    courier(&world, away, Presence::Available, 3).await?;
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(away, 3), (other, 1)]));
    Ok(())
}

#[tokio::test]
async fn stale_news_changes_nothing_also_after_a_move() -> Result<()> {
    let world = World::new().await?;
    warm(&world).await?;
    let mover = courier_id();
    courier(&world, mover, Presence::Available, 10).await?;
    courier(&world, mover, Presence::Unavailable, 9).await?;
    assert_eq!(world.scores(&world.zone).await?.len(), 1);
    courier(&world, mover, Presence::Gone, 20).await?;
    courier(&world, mover, Presence::Available, 15).await?;
    assert_eq!(assign(&world, order_id()).await?, Chosen::Nobody);
    courier(&world, mover, Presence::Available, 21).await?;
    assert_eq!(assigned_to(&world, order_id()).await?, mover);
    Ok(())
}

#[tokio::test]
async fn the_line_is_by_priority_then_age_and_nobody_overtakes_it() -> Result<()> {
    let world = World::new().await?;
    warm(&world).await?;
    let orders: Vec<OrderId> = (0..4).map(|_| order_id()).collect();
    for (order, rank) in orders.iter().zip([30.0, 10.0, 20.0, 40.0]) {
        assert_eq!(
            tell(&world, wait(&world.zone, *order, rank)).await?,
            Warm::Answer(Told::Follows { drainable: false })
        );
    }
    let somebody = courier_id();
    let arrived = tell(&world, Update::Courier(entry(&world.zone, somebody, Presence::Available, 1))).await?;
    assert_eq!(arrived, Warm::Answer(Told::Courier { drainable: true, known: false }));
    assert_eq!(assign(&world, order_id()).await?, Chosen::Nobody, "others wait before it");
    let Warm::Answer(step) = world.choice.drain(&world.zone, None, 3, Utc::now()).await? else { anyhow::bail!("cold") };
    let drained: Vec<OrderId> = step.picks.iter().map(|(order, _)| *order).collect();
    assert_eq!(drained, [orders[1], orders[2], orders[0]]);
    assert!(step.more);
    Ok(())
}

#[tokio::test]
async fn a_full_courier_gets_nothing_until_a_place_is_free() -> Result<()> {
    let world = World::new().await?;
    warm(&world).await?;
    let somebody = courier_id();
    let capacity = Capacity::try_from(2).ok();
    let news = ZoneEntry { capacity, ..entry(&world.zone, somebody, Presence::Available, 1) };
    tell(&world, Update::Courier(news)).await?;
    let orders = [order_id(), order_id()];
    for order in orders {
        assert_eq!(assigned_to(&world, order).await?, somebody);
    }
    assert_eq!(assign(&world, order_id()).await?, Chosen::Nobody);
    let release = Update::Release { zone: world.zone.clone(), order_id: orders[0], former: Former::Anybody };
    tell(&world, release.clone()).await?;
    tell(&world, release).await?;
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(somebody, 1)]), "a repetition counts once");
    Ok(())
}

#[tokio::test]
async fn what_is_committed_is_adopted() -> Result<()> {
    let world = World::new().await?;
    warm(&world).await?;
    let [ours, theirs] = [courier_id(), courier_id()];
    courier(&world, ours, Presence::Available, 1).await?;
    courier(&world, theirs, Presence::Available, 1).await?;
    let order = order_id();
    assert_eq!(assigned_to(&world, order).await?, ours);
    let confirm = Update::Confirm { zone: world.zone.clone(), order_id: order, courier_id: theirs };
    assert_eq!(tell(&world, confirm).await?, Warm::Answer(Told::Differs), "it may not be true any more");
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(ours, 1), (theirs, 0)]));
    let adopt = Update::Adopt { zone: world.zone.clone(), order_id: order, courier_id: theirs };
    for _ in 0..2 {
        tell(&world, adopt.clone()).await?;
        assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(ours, 0), (theirs, 1)]));
    }
    assert_eq!(world.size(&world.zone, "unrecorded").await?, 0);
    Ok(())
}

#[tokio::test]
async fn unrecorded_picks_are_found_once_they_are_old() -> Result<()> {
    let world = World::new().await?;
    warm(&world).await?;
    let somebody = courier_id();
    courier(&world, somebody, Presence::Available, 1).await?;
    let (order, at) = (order_id(), Utc::now());
    world.choice.assign(&[(world.zone.clone(), order)], at).await?;
    let found = async |before| match world.choice.unrecorded(&world.zone, before, "0", Utc::now()).await? {
        Warm::Answer((picks, next)) => anyhow::Ok((picks, next)),
        Warm::Cold => anyhow::bail!("cold"),
    };
    assert_eq!(found(at - TimeDelta::milliseconds(1)).await?, (Vec::new(), "0".to_owned()));
    let (picks, _) = found(at).await?;
    assert_eq!(picks.iter().map(|(order, pick)| (*order, pick.courier_id)).collect::<Vec<_>>(), [(order, somebody)]);
    Ok(())
}
