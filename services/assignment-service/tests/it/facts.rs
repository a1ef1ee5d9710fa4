//! The facts against the real PostgreSQL.

use std::time::Duration;

use anyhow::{Context as _, Result};
use assignment_service::{
    domain::{order::Standing, pick::Pick},
    facts::{Facts, Proposal, Source},
};
use chrono::{TimeDelta, Utc};
use dispatch_contracts::{
    event::AddCourier,
    id::{CourierId, OrderId},
    zone::Zone,
};
use events::Incoming;
use messaging::Outbox;
use uuid::Uuid;

use crate::world::{World, courier_id, news, order, order_id, zone};

/// How long a decline counts.
const TTL: Duration = Duration::from_secs(300);

fn proposal(source: Source, courier: Option<CourierId>) -> Proposal {
    let pick = courier.map(|courier_id| Pick { courier_id, score: 0, runner_up: None, candidates: 1 });
    Proposal { source, pick, assignment_event_id: Uuid::now_v7().into() }
}

fn new_order(order_id: OrderId, zone: &Zone, courier: Option<CourierId>) -> Result<Proposal> {
    Ok(proposal(Source::Event(Box::new(order(order_id, zone, 0, TimeDelta::zero())?)), courier))
}

async fn record(facts: &Facts, proposal: Proposal) -> Result<Standing> {
    let recorded = facts.record(&[proposal], &Outbox::new("topic".to_owned()), Utc::now(), TTL).await?;
    recorded.standings.first().cloned().context("a standing")
}

async fn take_over(facts: &Facts, news: &(Incoming, AddCourier)) -> Result<()> {
    facts.take_over(&[(&news.0, &news.1)], Utc::now()).await?;
    Ok(())
}

async fn present(facts: &Facts, zone: &Zone) -> Result<CourierId> {
    let id = courier_id();
    take_over(facts, &news(id, zone, true, TimeDelta::zero())?).await?;
    Ok(id)
}

#[tokio::test]
async fn the_first_assignment_of_an_order_stands() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let (first, second) = (present(&facts, &world.zone).await?, present(&facts, &world.zone).await?);
    let id = order_id();
    assert_eq!(record(&facts, new_order(id, &world.zone, Some(first))?).await?, Standing::Assigned(first));
    assert_eq!(record(&facts, new_order(id, &world.zone, Some(second))?).await?, Standing::Assigned(first));
    let line = proposal(Source::Line(world.zone.clone(), id), Some(second));
    assert_eq!(record(&facts, line).await?, Standing::Assigned(first));
    assert_eq!(world.published().await?, [(id, first)]);
    Ok(())
}

#[tokio::test]
async fn an_order_that_is_picked_twice_in_a_batch_is_assigned_once() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let [first, second] = [present(&facts, &world.zone).await?, present(&facts, &world.zone).await?];
    let id = order_id();
    assert!(matches!(record(&facts, new_order(id, &world.zone, None)?).await?, Standing::Pending(_)));
    let picks = [first, second].map(|courier| proposal(Source::Line(world.zone.clone(), id), Some(courier)));
    let recorded = facts.record(&picks, &Outbox::new("topic".to_owned()), Utc::now(), TTL).await?;
    let published = world.published().await?;
    let [(order, courier)] = published.as_slice() else { panic!("published once: {published:?}") };
    assert_eq!((*order, recorded.assigned), (id, 1));
    assert_eq!(recorded.standings, [Standing::Assigned(*courier), Standing::Assigned(*courier)]);
    let happened: i64 = sqlx::query_scalar("SELECT count(*) FROM happenings").fetch_one(&world.pool).await?;
    assert_eq!(happened, 1);
    Ok(())
}

#[tokio::test]
async fn many_racing_records_leave_one_assignment_each() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let couriers = [present(&facts, &world.zone).await?, present(&facts, &world.zone).await?];
    let orders: Vec<OrderId> = (0..50).map(|_| order_id()).collect();
    let mut racers = tokio::task::JoinSet::new();
    for racer in 0..8 {
        let proposals: Result<Vec<_>> =
            orders.iter().map(|id| new_order(*id, &world.zone, Some(couriers[racer % 2]))).collect();
        let (facts, mut proposals) = (facts.clone(), proposals?);
        proposals.rotate_left(racer * 6);
        racers.spawn(async move { facts.record(&proposals, &Outbox::new("topic".to_owned()), Utc::now(), TTL).await });
    }
    for recorded in racers.join_all().await {
        recorded?;
    }
    let mut published = world.published().await?;
    published.sort();
    let assigned: Vec<_> = world.assigned().await?.into_iter().collect();
    assert_eq!(published, assigned);
    assert_eq!(assigned.len(), 50);
    Ok(())
}

#[tokio::test]
async fn a_courier_who_left_is_no_choice() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let elsewhere = zone("elsewhere")?;
    for (there, available) in [(&elsewhere, true), (&world.zone, false)] {
        let id = courier_id();
        take_over(&facts, &news(id, there, available, TimeDelta::zero())?).await?;
        let order = order_id();
        assert!(matches!(record(&facts, new_order(order, &world.zone, Some(id))?).await?, Standing::Pending(_)));
    }
    assert!(matches!(
        record(&facts, new_order(order_id(), &world.zone, Some(courier_id()))?).await?,
        Standing::Pending(_)
    ));
    assert_eq!(world.published().await?, []);
    Ok(())
}

#[tokio::test]
async fn an_order_belongs_to_the_zone_of_its_first_event() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let other = zone("other")?;
    let there = present(&facts, &other).await?;
    let id = order_id();
    assert!(matches!(record(&facts, new_order(id, &world.zone, None)?).await?, Standing::Pending(_)));
    assert_eq!(record(&facts, new_order(id, &other, Some(there))?).await?, Standing::Elsewhere);
    let line = proposal(Source::Line(other, id), Some(there));
    assert_eq!(record(&facts, line).await?, Standing::Elsewhere);
    assert_eq!(world.assigned().await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn the_newest_news_wins_in_whatever_order_it_comes() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let other = zone("other")?;
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let id = courier_id();
        let all = [
            news(id, &world.zone, true, TimeDelta::seconds(30))?,
            news(id, &other, true, TimeDelta::seconds(20))?,
            news(id, &other, false, TimeDelta::seconds(10))?,
        ];
        for position in order {
            take_over(&facts, &all[position]).await?;
        }
        let courier = facts.couriers(&[id]).await?.pop().context("the courier")?;
        assert_eq!((courier.zone, courier.is_available), (other.clone(), false), "{order:?}");
    }
    Ok(())
}

#[tokio::test]
async fn racing_news_of_one_courier_ends_with_the_newest() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let zones: Vec<Zone> = (0..8).map(|_| zone("race")).collect::<Result<_>>()?;
    let id = courier_id();
    let mut racers = tokio::task::JoinSet::new();
    for (position, zone) in zones.iter().enumerate() {
        let facts = facts.clone();
        let news = news(id, zone, true, TimeDelta::seconds(60 - position as i64))?;
        racers.spawn(async move { take_over(&facts, &news).await });
    }
    for done in racers.join_all().await {
        done?;
    }
    let courier = facts.couriers(&[id]).await?.pop().context("the courier")?;
    assert_eq!(Some(&courier.zone), zones.last());
    Ok(())
}

#[tokio::test]
async fn every_event_and_every_decision_is_in_the_log_once() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let news = news(courier_id(), &world.zone, true, TimeDelta::zero())?;
    take_over(&facts, &news).await?;
    take_over(&facts, &news).await?;
    let proposal = new_order(order_id(), &world.zone, Some(news.1.courier_id))?;
    record(&facts, proposal.clone()).await?;
    record(&facts, proposal).await?;
    let types: Vec<String> =
        sqlx::query_scalar("SELECT type FROM event_log ORDER BY seq").fetch_all(&world.pool).await?;
    assert_eq!(types, ["AddCourier", "AddOrder", "OrderAssigned"]);
    Ok(())
}

#[tokio::test]
async fn whoever_declined_after_they_were_picked_does_not_get_it() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    let (somebody, id) = (present(&facts, &world.zone).await?, order_id());
    record(&facts, new_order(id, &world.zone, None)?).await?;
    // Recorded by another process from the same pick, and declined since.
    sqlx::query("INSERT INTO declines (order_id, courier_id, declined_at) VALUES ($1, $2, now())")
        .bind(id.as_uuid())
        .bind(somebody.as_uuid())
        .execute(&world.pool)
        .await?;
    let line = || proposal(Source::Line(world.zone.clone(), id), Some(somebody));
    assert!(matches!(record(&facts, line()).await?, Standing::Pending(line) if line.declined.len() == 1));
    sqlx::query("UPDATE declines SET declined_at = now() - interval '1 hour'").execute(&world.pool).await?;
    assert_eq!(record(&facts, line()).await?, Standing::Assigned(somebody), "they may be asked again");
    Ok(())
}

#[tokio::test]
async fn a_zone_that_is_heard_of_later_takes_nobodys_place() -> Result<()> {
    let world = World::new().await?;
    let facts = Facts::new(world.pool.clone());
    for prefix in ["n", "m"] {
        present(&facts, &zone(prefix)?).await?;
    }
    let first = facts.zone_names(2).await?;
    for prefix in ["a", "z"] {
        present(&facts, &zone(prefix)?).await?;
    }
    assert_eq!((facts.zone_names(2).await?, facts.zone_names(9).await?.len()), (first, 4));
    Ok(())
}
