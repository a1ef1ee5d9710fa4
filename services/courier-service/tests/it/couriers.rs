//! Couriers on a real database: the newest news wins.

use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use courier_service::{
    couriers::{News, Position},
    domain::Registration,
    error::Error,
};
use dispatch_contracts::{
    event::{Decoded, Event, Payload, Version, decode},
    id::CourierId,
    timestamp,
};
use futures::future::try_join_all;
use serde_json::json;
use trace::TraceParent;
use uuid::Uuid;

use crate::support::{UseCases, courier_id, injected, permutations, registration, time};

/// News as the queue brings it: injected, with an id of the message.
fn news(courier_id: CourierId, zone: &str, second: u32, message: u32) -> Result<News> {
    let at = format!("2026-01-01T00:00:{second:02}Z");
    let Decoded::Event(event) = decode(&injected(courier_id, zone, &at))? else { anyhow::bail!("no event") };
    let version = event.version(&message.to_string(), time("2026-01-02T00:00:00Z")?);
    let Payload::AddCourier(courier) = event.payload else { anyhow::bail!("no AddCourier") };
    Ok(News { courier, version })
}

#[tokio::test]
async fn stale_news_loses_in_every_sequence() -> Result<()> {
    let world = UseCases::create().await?;
    // Two of the newest moment: the greater event id decides, the same for everybody.
    let story: Vec<(&str, u32, u32)> = vec![("A", 1, 1), ("B", 3, 2), ("C", 3, 3), ("D", 2, 4)];
    let winner = {
        let id = courier_id();
        let [b, c] = [news(id, "B", 3, 2)?, news(id, "C", 3, 3)?];
        if b.version > c.version { "B" } else { "C" }
    };
    for sequence in permutations(&story) {
        let (one_by_one, at_once) = (courier_id(), courier_id());
        let tell = |id: CourierId| {
            let all = sequence.iter().map(move |(zone, second, message)| news(id, zone, *second, *message));
            all.collect::<Result<Vec<_>>>()
        };
        for news in tell(one_by_one)? {
            world.couriers.record(&[news.clone(), news]).await?;
        }
        world.couriers.record(&tell(one_by_one)?[..1]).await?;
        world.couriers.record(&tell(at_once)?).await?;
        for id in [one_by_one, at_once] {
            let courier = world.couriers.get(id).await?;
            assert_eq!(
                (courier.zone.as_str(), courier.updated_at),
                (winner, time("2026-01-01T00:00:03Z")?),
                "{sequence:?}"
            );
        }
    }
    assert!(world.outbox().await?.is_empty(), "what others said is not published again");
    Ok(())
}

#[tokio::test]
async fn a_registration_is_newer_than_all_that_is_known_even_when_the_clock_is_behind() -> Result<()> {
    let world = UseCases::create().await?;
    let id = courier_id();
    world.couriers.record(&[news(id, "T", 30, 1)?]).await?;
    // This machine's clock says 00:00:00.
    let registered = world.couriers.register(&registration(id)?, TraceParent::start()).await?;
    assert!(!registered.is_new);
    assert_eq!(registered.courier.zone.as_str(), "S");
    assert_eq!(timestamp::format(registered.courier.updated_at), "2026-01-01T00:00:30.000001Z");
    world.pass(TimeDelta::seconds(-10));
    let changed = world.couriers.set_availability(id, false, TraceParent::start()).await?;
    assert_eq!(timestamp::format(changed.updated_at), "2026-01-01T00:00:30.000002Z");
    world.pass(TimeDelta::minutes(1));
    let changed = world.couriers.set_availability(id, true, TraceParent::start()).await?;
    assert_eq!(timestamp::format(changed.updated_at), "2026-01-01T00:00:50Z");
    Ok(())
}

#[tokio::test]
async fn what_is_published_comes_back_and_changes_nothing() -> Result<()> {
    let world = UseCases::create().await?;
    let id = courier_id();
    world.couriers.register(&registration(id)?, TraceParent::start()).await?;
    world.couriers.set_availability(id, false, TraceParent::start()).await?;
    let known = world.couriers.get(id).await?;
    let published = world.outbox().await?;
    let expected = json!({
        "type": "AddCourier", "eventId": published[1]["eventId"], "occurredAt": timestamp::format(known.updated_at),
        "courierId": id, "name": "a", "zone": "S", "isAvailable": false,
    });
    assert_eq!((published.len(), &published[1]), (2, &expected));
    for body in published.iter().rev() {
        let Decoded::Event(event) = decode(&body.to_string())? else { anyhow::bail!("no event") };
        let version: Version = Event::version(&event, "message", known.updated_at);
        let Payload::AddCourier(courier) = event.payload else { anyhow::bail!("no AddCourier") };
        world.couriers.record(&[News { courier, version }]).await?;
        assert_eq!(world.couriers.get(id).await?, known);
    }
    Ok(())
}

#[tokio::test]
async fn a_registration_replaces_all_but_availability() -> Result<()> {
    let world = UseCases::create().await?;
    let id = courier_id();
    let full = Registration {
        capacity: Some(3_i64.try_into().map_err(anyhow::Error::msg)?),
        is_available: Some(false),
        ..registration(id)?
    };
    let first = world.couriers.register(&full, TraceParent::start()).await?;
    assert!(first.is_new && !first.courier.is_available && first.courier.capacity.is_some());
    let second = world.couriers.register(&registration(id)?, TraceParent::start()).await?;
    assert!(!second.is_new && !second.courier.is_available && second.courier.capacity.is_none());
    let third = Registration { is_available: Some(true), ..registration(id)? };
    assert!(world.couriers.register(&third, TraceParent::start()).await?.courier.is_available);
    let other = world.couriers.register(&registration(courier_id())?, TraceParent::start()).await?;
    assert!(other.is_new && other.courier.is_available, "a new courier takes orders");
    Ok(())
}

#[tokio::test]
async fn registrations_at_one_moment_are_told_apart() -> Result<()> {
    let world = UseCases::create().await?;
    let id = courier_id();
    let registration = registration(id)?;
    let requests = (0..12).map(|_| world.couriers.register(&registration, TraceParent::start()));
    let answers = try_join_all(requests).await?;
    assert_eq!(answers.iter().filter(|answer| answer.is_new).count(), 1);
    let mut times: Vec<_> = answers.iter().map(|answer| answer.courier.updated_at).collect();
    times.sort();
    times.dedup();
    assert_eq!(times.len(), 12, "each is newer than the one before");
    assert_eq!(world.outbox().await?.len(), 12);
    Ok(())
}

#[tokio::test]
async fn nobody_becomes_available_who_is_not_known() -> Result<()> {
    let world = UseCases::create().await?;
    let answer = world.couriers.set_availability(courier_id(), true, TraceParent::start()).await;
    assert!(matches!(answer, Err(Error::CourierNotFound)));
    assert!(world.outbox().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn batches_in_opposite_orders_do_not_deadlock() -> Result<()> {
    let world = UseCases::create().await?;
    let story = (0..50).map(|n| news(Uuid::from_u128(n).into(), "S", 1, 1)).collect::<Result<Vec<_>>>()?;
    let mut backwards = story.clone();
    backwards.reverse();
    try_join_all((0..10).map(|n| world.couriers.record(if n % 2 == 0 { &story } else { &backwards }))).await?;
    assert_eq!(world.couriers.list(None, None, 100).await?.len(), 50);
    Ok(())
}

#[tokio::test]
async fn pages_go_by_ids_and_do_not_shift() -> Result<()> {
    let world = UseCases::create().await?;
    let id = |number| CourierId::from(Uuid::from_u128(number));
    for (number, zone) in [(1, "S"), (2, "T"), (4, "S"), (5, "S")] {
        world.couriers.record(&[news(id(number), zone, 1, 1)?]).await?;
    }
    let zone = "S".parse()?;
    let first = world.couriers.list(Some(&zone), None, 2).await?;
    let place = Position { courier_id: first.last().context("a page")?.courier_id };
    for number in [0, 3, 6] {
        world.couriers.record(&[news(id(number), "S", 1, 1)?]).await?;
    }
    let rest = world.couriers.list(Some(&zone), Some(place), 10).await?;
    let ids =
        |couriers: &[dispatch_contracts::resource::Courier]| couriers.iter().map(|c| c.courier_id).collect::<Vec<_>>();
    assert_eq!((ids(&first), ids(&rest)), (vec![id(1), id(4)], vec![id(5), id(6)]));
    assert_eq!(world.couriers.list(None, None, 100).await?.len(), 7);
    Ok(())
}
