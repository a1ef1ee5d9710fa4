//! Who has which order: whatever order the news arrives in, and however often, the end is the same.

use anyhow::Result;
use chrono::{DateTime, Utc};
use dispatch_contracts::{
    event::{OrderAssigned, OrderUnassigned},
    id::{CourierId, EventId, OrderId},
    order::OrderStatus,
    resource::Order,
};
use order_service::{
    error::Error,
    orders::{Given, Orders, Taken},
};
use uuid::Uuid;

use crate::support::{UseCases, add_order, creation, order_id, time};

const FIRST: u128 = 1;
const SECOND: u128 = 2;

/// A piece of news about an order.
#[derive(Debug, Clone, Copy)]
enum News {
    Added,
    Given { to: u128, second: u32, event: u128 },
    Taken { from: u128, second: u32, event: u128 },
}
use News::{Added, Given as GivenTo, Taken as TakenFrom};

fn courier(number: u128) -> CourierId {
    Uuid::from_u128(number).into()
}

fn event(number: u128) -> EventId {
    Uuid::from_u128(number).into()
}

fn at(second: u32) -> Result<DateTime<Utc>> {
    time(&format!("2026-01-01T00:00:{second:02}Z"))
}

async fn tell(orders: &Orders, order_id: OrderId, news: &[News]) -> Result<()> {
    let (mut added, mut given, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    for news in news {
        match *news {
            Added => added.push(add_order(order_id, "Buy", "2025-12-31T00:00:00Z")?),
            GivenTo { to, second, event: id } => given.push(Given {
                decision: OrderAssigned {
                    order_id,
                    courier_id: courier(to),
                    zone: "S".parse()?,
                    assigned_at: at(second)?,
                    cause: None,
                },
                event_id: event(id),
            }),
            TakenFrom { from, second, event: id } => taken.push(Taken {
                decision: OrderUnassigned {
                    order_id,
                    courier_id: courier(from),
                    zone: "S".parse()?,
                    unassigned_at: at(second)?,
                    cause: None,
                },
                event_id: event(id),
            }),
        }
    }
    orders.record_added(&added).await?;
    Ok(orders.record_decisions(&given, &taken).await?)
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

#[tokio::test]
async fn every_sequence_ends_the_same() -> Result<()> {
    let world = UseCases::create().await?;
    let stories = [
        // Given, taken back, given to another: the other has it.
        (
            vec![
                Added,
                GivenTo { to: FIRST, second: 1, event: 1 },
                TakenFrom { from: FIRST, second: 2, event: 2 },
                GivenTo { to: SECOND, second: 3, event: 3 },
            ],
            (OrderStatus::Assigned, Some(courier(SECOND)), Some(at(3)?)),
        ),
        // Given and taken back: it waits.
        (
            vec![Added, GivenTo { to: FIRST, second: 1, event: 1 }, TakenFrom { from: FIRST, second: 2, event: 2 }],
            (OrderStatus::Pending, None, None),
        ),
        // Taken from the one and given to the other by clocks that disagree: the other has it all the same.
        (
            vec![
                Added,
                GivenTo { to: FIRST, second: 1, event: 1 },
                TakenFrom { from: FIRST, second: 5, event: 2 },
                GivenTo { to: SECOND, second: 4, event: 3 },
            ],
            (OrderStatus::Assigned, Some(courier(SECOND)), Some(at(4)?)),
        ),
        // Two decisions of one moment: the greater event wins.
        (
            vec![Added, GivenTo { to: FIRST, second: 1, event: 9 }, GivenTo { to: SECOND, second: 1, event: 8 }],
            (OrderStatus::Assigned, Some(courier(FIRST)), Some(at(1)?)),
        ),
        // Given to the same courier again after it was taken back.
        (
            vec![
                Added,
                GivenTo { to: FIRST, second: 1, event: 1 },
                TakenFrom { from: FIRST, second: 2, event: 2 },
                GivenTo { to: FIRST, second: 3, event: 3 },
            ],
            (OrderStatus::Assigned, Some(courier(FIRST)), Some(at(3)?)),
        ),
    ];
    for (story, end) in stories {
        for sequence in permutations(&story) {
            let (one_by_one, at_once) = (order_id(), order_id());
            for news in &sequence {
                tell(&world.orders, one_by_one, &[*news]).await?;
            }
            // Everything comes again, in another sequence.
            tell(&world.orders, one_by_one, &sequence[..2]).await?;
            assert_eq!(shown(&world.orders.get(one_by_one).await?), end, "{sequence:?}");
            let twice: Vec<_> = sequence.iter().chain(&sequence).copied().collect();
            tell(&world.orders, at_once, &twice).await?;
            assert_eq!(shown(&world.orders.get(at_once).await?), end, "at once: {sequence:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_assignment_before_its_order_is_kept_and_shown_with_it() -> Result<()> {
    let world = UseCases::create().await?;
    let (injected, asked_for) = (order_id(), order_id());
    for id in [injected, asked_for] {
        tell(&world.orders, id, &[GivenTo { to: FIRST, second: 1, event: 1 }]).await?;
        assert!(matches!(world.orders.get(id).await, Err(Error::OrderNotFound)));
        assert!(world.orders.get_many(&[id]).await?.is_empty());
    }
    assert!(world.orders.list(&Default::default(), None, 10).await?.is_empty());

    tell(&world.orders, injected, &[Added]).await?;
    let created = world.orders.create(creation(Some(asked_for), None)?).await?;
    assert!(created.is_new, "its details were not known");
    for order in [world.orders.get(injected).await?, created.order] {
        assert_eq!(shown(&order), (OrderStatus::Assigned, Some(courier(FIRST)), Some(at(1)?)));
    }
    Ok(())
}

#[tokio::test]
async fn an_assignment_never_moves_a_later_status_back() -> Result<()> {
    let world = UseCases::create().await?;
    for progress in ["picked_up", "delivered", "cancelled"] {
        let id = order_id();
        tell(&world.orders, id, &[Added, GivenTo { to: FIRST, second: 1, event: 1 }]).await?;
        sqlx::query("UPDATE orders SET progress = $2 WHERE order_id = $1")
            .bind(id.as_uuid())
            .bind(progress)
            .execute(&world.pool)
            .await?;
        tell(&world.orders, id, &[GivenTo { to: FIRST, second: 2, event: 2 }]).await?;
        assert_eq!(world.orders.get(id).await?.status.as_str(), progress);
    }
    Ok(())
}
