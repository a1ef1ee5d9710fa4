//! The life of an order: whatever order the news arrives in, and however often, the end is the same.

use anyhow::Result;
use chrono::{DateTime, Utc};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    life::Change::{self, Assigned, Cancelled, Delivered, PickedUp, Unassigned},
    order::OrderStatus,
    resource::Order,
};
use futures::future::try_join_all;
use order_service::{error::Error, orders::Orders};
use uuid::Uuid;

use crate::support::{UseCases, add_order, changed, creation, order_id, second};

/// A piece of news about an order.
#[derive(Debug, Clone, Copy)]
enum News {
    Added,
    /// What happened, in which second, and which event tells it.
    Happened(Change, u32, u128),
}
use News::{Added, Happened};

fn courier(number: u128) -> CourierId {
    Uuid::from_u128(number).into()
}

async fn tell(orders: &Orders, order_id: OrderId, news: &[News]) -> Result<()> {
    let (mut added, mut changes) = (Vec::new(), Vec::new());
    for news in news {
        match *news {
            Added => added.push(add_order(order_id, "Buy", "2025-12-31T00:00:00Z")?),
            Happened(change, at, event) => changes.push(changed(order_id, change, second(at)?, Uuid::from_u128(event))),
        }
    }
    orders.record_added(&added).await?;
    orders.record_changes(&changes).await?;
    Ok(())
}

fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for position in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(position);
        for mut permutation in permutations(&rest) {
            permutation.insert(0, first.clone());
            all.push(permutation);
        }
    }
    all
}

/// What is shown of an order that matters here.
fn shown(order: &Order) -> (OrderStatus, Option<CourierId>, Option<DateTime<Utc>>) {
    (order.status, order.courier_id, order.assigned_at)
}

type End = (OrderStatus, Option<CourierId>, Option<DateTime<Utc>>);

fn stories() -> Result<Vec<(Vec<News>, End)>> {
    let (a, b) = (courier(1), courier(2));
    let with = |status, courier, since| anyhow::Ok((status, Some(courier), Some(second(since)?)));
    Ok(vec![
        // Given, taken back, given to another: the other has it.
        (
            vec![Happened(Assigned(a), 1, 1), Happened(Unassigned(a), 2, 2), Happened(Assigned(b), 3, 3)],
            with(OrderStatus::Assigned, b, 3)?,
        ),
        // Given and taken back: it waits.
        (vec![Happened(Assigned(a), 1, 1), Happened(Unassigned(a), 2, 2)], (OrderStatus::Pending, None, None)),
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
        (
            vec![Happened(Cancelled, 1, 1), Happened(Assigned(a), 2, 2), Happened(Delivered(None), 3, 3)],
            (OrderStatus::Cancelled, None, None),
        ),
        // Called off twice while somebody had it.
        (
            vec![Happened(Assigned(a), 1, 1), Happened(Cancelled, 2, 2), Happened(Cancelled, 3, 3)],
            with(OrderStatus::Cancelled, a, 1)?,
        ),
        // Collected and done by nobody: that cannot be.
        (vec![Happened(PickedUp(None), 1, 1), Happened(Delivered(Some(a)), 2, 2)], (OrderStatus::Pending, None, None)),
    ])
}

#[tokio::test]
async fn every_sequence_ends_the_same() -> Result<()> {
    let world = UseCases::create().await?;
    for (mut story, end) in stories()? {
        story.push(Added);
        let lived = permutations(&story).into_iter().map(|sequence| {
            let orders = &world.orders;
            async move {
                let (one_by_one, at_once) = (order_id(), order_id());
                for news in &sequence {
                    tell(orders, one_by_one, &[*news]).await?;
                }
                // Everything comes again, in another sequence.
                tell(orders, one_by_one, &sequence[..2]).await?;
                assert_eq!(shown(&orders.get(one_by_one).await?), end, "{sequence:?}");
                let twice: Vec<_> = sequence.iter().chain(&sequence).copied().collect();
                tell(orders, at_once, &twice).await?;
                assert_eq!(shown(&orders.get(at_once).await?), end, "at once: {sequence:?}");
                anyhow::Ok(())
            }
        });
        try_join_all(lived).await?;
    }
    Ok(())
}

#[tokio::test]
async fn news_before_its_order_is_kept_and_shown_with_it() -> Result<()> {
    let world = UseCases::create().await?;
    for (change, status, holder) in
        [(Assigned(courier(1)), OrderStatus::Assigned, Some(courier(1))), (Cancelled, OrderStatus::Cancelled, None)]
    {
        let (injected, asked_for) = (order_id(), order_id());
        for id in [injected, asked_for] {
            tell(&world.orders, id, &[Happened(change, 1, 1)]).await?;
            assert!(matches!(world.orders.get(id).await, Err(Error::OrderNotFound)));
            assert!(world.orders.get_many(&[id]).await?.is_empty());
        }
        assert!(
            !world.orders.list(&Default::default(), None, 10).await?.iter().any(|order| order.order_id == injected)
        );

        tell(&world.orders, injected, &[Added]).await?;
        let created = world.orders.create(creation(Some(asked_for), None)?).await?;
        assert!(created.is_new, "its details were not known");
        for order in [world.orders.get(injected).await?, created.order] {
            assert_eq!((order.status, order.courier_id), (status, holder));
        }
    }
    Ok(())
}

/// Many orders, each with a life to the end, told at once by many, each in another sequence and cut into other batches.
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
    let added = ids.iter().map(|id| add_order(*id, "Buy", "2025-12-31T00:00:00Z")).collect::<Result<Vec<_>>>()?;
    let changes: Vec<_> =
        ids.iter().flat_map(|id| life.iter().map(|(change, at, event)| changed(*id, *change, *at, *event))).collect();
    let tellers = (0..8_usize).map(|teller| {
        let (mut added, mut changes, orders) = (added.clone(), changes.clone(), world.orders.clone());
        added.rotate_left(teller * 7 % ORDERS);
        // Another sequence for each: a step that shares no divisor with their number reaches all of them.
        let count = changes.len();
        changes = (0..count).map(|n| changes[(n * [7, 11, 13, 17, 19, 23, 29, 31][teller]) % count]).collect();
        if teller % 2 == 1 {
            changes.reverse();
        }
        async move {
            for (changes, added) in changes.chunks(40).zip(added.chunks(8).cycle()) {
                orders.record_changes(changes).await?;
                orders.record_added(added).await?;
            }
            anyhow::Ok(())
        }
    });
    try_join_all(tellers.map(tokio::spawn)).await?.into_iter().collect::<Result<Vec<_>>>()?;
    let told = world.orders.get_many(&ids).await?;
    assert_eq!(told.len(), ORDERS);
    for order in told {
        assert_eq!(shown(&order), (OrderStatus::Delivered, Some(b), Some(second(3)?)));
    }
    assert_eq!(world.count("order_changes").await?, i64::try_from(ORDERS * life.len())?);
    Ok(())
}

#[tokio::test]
async fn what_is_known_is_not_written_again() -> Result<()> {
    let world = UseCases::create().await?;
    let id = order_id();
    let news = [Added, Happened(Assigned(courier(1)), 1, 1), Happened(PickedUp(None), 2, 2)];
    tell(&world.orders, id, &news).await?;
    let written = async || {
        let row = sqlx::query_scalar::<_, String>("SELECT xmin::text FROM orders WHERE order_id = $1");
        anyhow::Ok(row.bind(id.as_uuid()).fetch_one(&world.pool).await?)
    };
    let before = written().await?;
    tell(&world.orders, id, &news).await?;
    // An event that changes nothing is kept, and the row stays as it is.
    tell(&world.orders, id, &[Happened(PickedUp(None), 3, 3)]).await?;
    assert_eq!((written().await?, world.count("order_changes").await?), (before, 3));
    Ok(())
}
