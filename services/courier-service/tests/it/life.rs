//! Who has an order: whatever order the news arrives in, and however often, the end is the same.

use anyhow::Result;
use chrono::{DateTime, Utc};
use courier_service::{error::Error, pairs::Pairs};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    life::Change::{self, Assigned, Cancelled, Delivered, PickedUp, Unassigned},
    order::OrderStatus,
};
use futures::future::try_join_all;
use uuid::Uuid;

use crate::support::{UseCases, changed, order_id, permutations, second};

/// What happened to an order, in which second, and which event tells it.
#[derive(Debug, Clone, Copy)]
struct Happened(Change, u32, u128);

fn courier(number: u128) -> CourierId {
    Uuid::from_u128(number).into()
}

async fn tell(pairs: &Pairs, order_id: OrderId, news: &[Happened]) -> Result<()> {
    let news = news
        .iter()
        .map(|Happened(change, at, event)| changed(order_id, *change, second(*at)?, Uuid::from_u128(*event)));
    pairs.record(&news.collect::<Result<Vec<_>>>()?).await?;
    Ok(())
}

/// How an order ends: its status, who has it or had it, and since when; nothing while nobody does.
type End = Option<(OrderStatus, CourierId, DateTime<Utc>)>;

async fn end(pairs: &Pairs, order_id: OrderId) -> Result<End> {
    match pairs.of_order(order_id).await {
        Ok(pair) => Ok(Some((pair.status, pair.courier_id, pair.assigned_at))),
        Err(Error::OrderNotAssigned) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn stories() -> Result<Vec<(Vec<Happened>, End)>> {
    let (a, b) = (courier(1), courier(2));
    let with = |status, courier, since| anyhow::Ok(Some((status, courier, second(since)?)));
    Ok(vec![
        // Given, taken back, given to another: the other has it.
        (
            vec![Happened(Assigned(a), 1, 1), Happened(Unassigned(a), 2, 2), Happened(Assigned(b), 3, 3)],
            with(OrderStatus::Assigned, b, 3)?,
        ),
        // Given and taken back: it waits.
        (vec![Happened(Assigned(a), 1, 1), Happened(Unassigned(a), 2, 2)], None),
        // Taken from the one and given to the other by clocks that disagree: the other has it all the same.
        (
            vec![Happened(Assigned(a), 1, 1), Happened(Unassigned(a), 5, 2), Happened(Assigned(b), 4, 3)],
            with(OrderStatus::Assigned, b, 4)?,
        ),
        // Two decisions of one moment: the greater event wins.
        (vec![Happened(Assigned(a), 1, 9), Happened(Assigned(b), 1, 8)], with(OrderStatus::Assigned, a, 1)?),
        // Taken from the one and given to the other at one moment.
        (
            vec![Happened(Assigned(a), 1, 1), Happened(Unassigned(a), 2, 3), Happened(Assigned(b), 2, 2)],
            with(OrderStatus::Assigned, b, 2)?,
        ),
        // All of it, to the end; who had it last is remembered.
        (
            vec![
                Happened(Assigned(a), 1, 1),
                Happened(PickedUp(Some(a)), 2, 2),
                Happened(Delivered(None), 3, 3),
                Happened(Cancelled, 4, 4),
            ],
            with(OrderStatus::Delivered, a, 1)?,
        ),
        // Given on after it was collected; what the former courier says afterwards does not count.
        (
            vec![
                Happened(Assigned(a), 1, 1),
                Happened(PickedUp(Some(a)), 2, 2),
                Happened(Assigned(b), 3, 3),
                Happened(Delivered(Some(a)), 4, 4),
            ],
            with(OrderStatus::Assigned, b, 3)?,
        ),
        // Called off before anybody had it: it stays so.
        (vec![Happened(Cancelled, 1, 1), Happened(Assigned(a), 2, 2), Happened(Delivered(None), 3, 3)], None),
        // Called off twice while somebody had it.
        (
            vec![Happened(Assigned(a), 1, 1), Happened(Cancelled, 2, 2), Happened(Cancelled, 3, 3)],
            with(OrderStatus::Cancelled, a, 1)?,
        ),
        // Collected and done by nobody: that cannot be.
        (vec![Happened(PickedUp(None), 1, 1), Happened(Delivered(Some(a)), 2, 2)], None),
    ])
}

#[tokio::test]
async fn every_sequence_ends_the_same() -> Result<()> {
    let world = UseCases::create().await?;
    for (story, expected) in stories()? {
        let lived = permutations(&story).into_iter().map(|sequence| {
            let pairs = &world.pairs;
            async move {
                let (one_by_one, at_once) = (order_id(), order_id());
                for news in &sequence {
                    tell(pairs, one_by_one, &[*news]).await?;
                }
                // Everything comes again, in another sequence.
                tell(pairs, one_by_one, &sequence[..1]).await?;
                assert_eq!(end(pairs, one_by_one).await?, expected, "{sequence:?}");
                let twice: Vec<_> = sequence.iter().chain(&sequence).copied().collect();
                tell(pairs, at_once, &twice).await?;
                assert_eq!(end(pairs, at_once).await?, expected, "at once: {sequence:?}");
                anyhow::Ok(())
            }
        });
        try_join_all(lived).await?;
    }
    Ok(())
}

/// Many orders, each with a life to the end, told at once by many, each in another sequence and so in other batches.
#[tokio::test]
async fn batches_that_overlap_neither_deadlock_nor_lose_anything() -> Result<()> {
    const ORDERS: usize = 30;
    let world = UseCases::create().await?;
    let (a, b) = (courier(1), courier(2));
    let life = [Assigned(a), Unassigned(a), Assigned(b), PickedUp(None), Delivered(Some(b))]
        .into_iter()
        .zip(1..)
        .map(|(change, at)| anyhow::Ok((change, second(at)?, Uuid::from_u128(at.into()))));
    let life = life.collect::<Result<Vec<_>>>()?;
    let ids: Vec<OrderId> = (0..ORDERS).map(|_| order_id()).collect();
    let told = ids.iter().flat_map(|id| life.iter().map(|(change, at, event)| changed(*id, *change, *at, *event)));
    let told = told.collect::<Result<Vec<_>>>()?;
    let tellers = (0..8_usize).map(|teller| {
        let pairs = world.pairs.clone();
        // Another sequence for each: a step that shares no divisor with their number reaches all of them.
        let step = [7, 11, 13, 17, 19, 23, 29, 31][teller];
        let mut changes: Vec<_> = (0..told.len()).map(|n| told[n * step % told.len()].clone()).collect();
        if teller % 2 == 1 {
            changes.reverse();
        }
        async move {
            for changes in changes.chunks(40) {
                pairs.record(changes).await?;
            }
            anyhow::Ok(())
        }
    });
    try_join_all(tellers.map(tokio::spawn)).await?.into_iter().collect::<Result<Vec<_>>>()?;
    for id in ids {
        assert_eq!(end(&world.pairs, id).await?, Some((OrderStatus::Delivered, b, second(3)?)));
    }
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM pair_changes").fetch_one(&world.pool).await?;
    assert_eq!(kept, i64::try_from(told.len())?);
    Ok(())
}
