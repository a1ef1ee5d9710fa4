//! Pairs on a real database: whatever order the news arrives in, and however often, the end is the same.

use anyhow::Result;
use chrono::{DateTime, Utc};
use courier_service::{
    error::Error,
    pairs::{Given, Pairs, Position, Taken},
};
use dispatch_contracts::{
    event::{OrderAssigned, OrderUnassigned},
    id::{CourierId, OrderId},
    order::OrderStatus,
    resource::Pair,
};
use messaging::TraceParent;
use uuid::Uuid;

use crate::support::{UseCases, courier_id, order_id, permutations, registration, time};

const FIRST: u128 = 1;
const SECOND: u128 = 2;

/// A decision about an order: the courier, when, and its event.
#[derive(Debug, Clone, Copy)]
enum Decision {
    GivenTo(u128, u32, u128),
    TakenFrom(u128, u32, u128),
}
use Decision::{GivenTo, TakenFrom};

fn courier(number: u128) -> CourierId {
    Uuid::from_u128(number).into()
}

fn at(second: u32) -> Result<DateTime<Utc>> {
    time(&format!("2026-01-01T00:00:{second:02}Z"))
}

fn given(order_id: OrderId, courier_id: CourierId, second: u32, event: u128) -> Result<Given> {
    let decision = OrderAssigned { order_id, courier_id, zone: "S".parse()?, assigned_at: at(second)?, cause: None };
    Ok(Given { decision, event_id: Uuid::from_u128(event).into() })
}

fn taken(order_id: OrderId, courier_id: CourierId, second: u32, event: u128) -> Result<Taken> {
    let decision =
        OrderUnassigned { order_id, courier_id, zone: "S".parse()?, unassigned_at: at(second)?, cause: None };
    Ok(Taken { decision, event_id: Uuid::from_u128(event).into() })
}

async fn tell(pairs: &Pairs, order_id: OrderId, decisions: &[Decision]) -> Result<()> {
    let (mut all_given, mut all_taken) = (Vec::new(), Vec::new());
    for decision in decisions {
        match *decision {
            GivenTo(to, second, event) => all_given.push(given(order_id, courier(to), second, event)?),
            TakenFrom(from, second, event) => all_taken.push(taken(order_id, courier(from), second, event)?),
        }
    }
    Ok(pairs.record(&all_given, &all_taken).await?)
}

async fn holder(pairs: &Pairs, order_id: OrderId) -> Result<Option<(CourierId, DateTime<Utc>)>> {
    match pairs.of_order(order_id).await {
        Ok(Pair { courier_id, assigned_at, .. }) => Ok(Some((courier_id, assigned_at))),
        Err(Error::OrderNotAssigned) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[tokio::test]
async fn every_sequence_ends_the_same() -> Result<()> {
    let world = UseCases::create().await?;
    let stories = [
        // Given, taken back, given to another: the other has it.
        (vec![GivenTo(FIRST, 1, 1), TakenFrom(FIRST, 2, 2), GivenTo(SECOND, 3, 3)], Some((courier(SECOND), at(3)?))),
        // Given and taken back: nobody has it.
        (vec![GivenTo(FIRST, 1, 1), TakenFrom(FIRST, 2, 2)], None),
        // Taken from the one and given to the other by clocks that disagree: the other has it all the same.
        (vec![GivenTo(FIRST, 1, 1), TakenFrom(FIRST, 5, 2), GivenTo(SECOND, 4, 3)], Some((courier(SECOND), at(4)?))),
        // Two decisions of one moment: the greater event wins.
        (vec![GivenTo(FIRST, 1, 9), GivenTo(SECOND, 1, 8)], Some((courier(FIRST), at(1)?))),
        // Given to the same courier again, and taken back from them again.
        (vec![GivenTo(FIRST, 1, 1), TakenFrom(FIRST, 2, 2), GivenTo(FIRST, 3, 3), TakenFrom(FIRST, 4, 4)], None),
    ];
    for (story, end) in stories {
        for sequence in permutations(&story) {
            let (one_by_one, at_once) = (order_id(), order_id());
            for decision in &sequence {
                tell(&world.pairs, one_by_one, &[*decision]).await?;
            }
            tell(&world.pairs, one_by_one, &sequence[..1]).await?;
            assert_eq!(holder(&world.pairs, one_by_one).await?, end, "{sequence:?}");
            let twice: Vec<_> = sequence.iter().chain(&sequence).copied().collect();
            tell(&world.pairs, at_once, &twice).await?;
            assert_eq!(holder(&world.pairs, at_once).await?, end, "at once: {sequence:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_courier_with_an_order_is_known_before_the_news_of_them() -> Result<()> {
    let world = UseCases::create().await?;
    let (stranger, with_order, registered) = (courier_id(), courier_id(), courier_id());
    world.pairs.record(&[given(order_id(), with_order, 1, 1)?], &[]).await?;
    world.couriers.register(&registration(registered)?, TraceParent::start()).await?;
    let of = async |courier_id, status| world.pairs.of_courier(courier_id, status, None, 10).await;
    assert!(matches!(of(stranger, None).await, Err(Error::CourierNotFound)));
    assert_eq!(of(with_order, None).await?.len(), 1);
    assert!(of(with_order, Some(OrderStatus::Delivered)).await?.is_empty(), "empty, but not unknown");
    assert!(of(registered, None).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn pages_are_latest_first_and_do_not_shift() -> Result<()> {
    let world = UseCases::create().await?;
    let who = courier_id();
    let mut expected = Vec::new();
    for second in [1, 2, 2, 2, 3] {
        let id = order_id();
        world.pairs.record(&[given(id, who, second, 1)?, given(order_id(), courier_id(), second, 1)?], &[]).await?;
        expected.push((at(second)?, id));
    }
    expected.sort_by_key(|place| std::cmp::Reverse(*place));
    let mut seen = world.pairs.of_courier(who, Some(OrderStatus::Assigned), None, 2).await?;
    world.pairs.record(&[given(order_id(), who, 4, 1)?], &[]).await?;
    for _ in 0..20 {
        let place = seen.last().map(Position::from);
        let page = world.pairs.of_courier(who, None, place.as_ref(), 2).await?;
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen.iter().map(|pair| (pair.assigned_at, pair.order_id)).collect::<Vec<_>>(), expected);
    Ok(())
}
