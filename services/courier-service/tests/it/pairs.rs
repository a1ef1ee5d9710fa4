//! Pairs on a real database: those of a courier, page by page.

use anyhow::Result;
use courier_service::{domain::change::PairChange, error::Error, pairs::Position};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    life::Change,
    order::OrderStatus,
};
use trace::TraceParent;
use uuid::Uuid;

use crate::support::{UseCases, changed, courier_id, order_id, registration, second};

fn given(order_id: OrderId, courier_id: CourierId, at: u32) -> Result<PairChange> {
    changed(order_id, Change::Assigned(courier_id), second(at)?, Uuid::from_u128(1))
}

#[tokio::test]
async fn a_courier_with_an_order_is_known_before_the_news_of_them() -> Result<()> {
    let world = UseCases::create().await?;
    let (stranger, with_order, registered) = (courier_id(), courier_id(), courier_id());
    world.pairs.record(&[given(order_id(), with_order, 1)?]).await?;
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
    for at in [1, 2, 2, 2, 3] {
        let id = order_id();
        world.pairs.record(&[given(id, who, at)?, given(order_id(), courier_id(), at)?]).await?;
        expected.push((second(at)?, id));
    }
    expected.sort_by_key(|place| std::cmp::Reverse(*place));
    let mut seen = world.pairs.of_courier(who, Some(OrderStatus::Assigned), None, 2).await?;
    world.pairs.record(&[given(order_id(), who, 4)?]).await?;
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

/// What is promised of a page's cost: the list is read from an index in its order, never sorted.
#[tokio::test]
async fn each_combination_of_filters_has_an_index_in_the_order_of_the_list() -> Result<()> {
    let world = UseCases::create().await?;
    for (filter, index) in [("", "pairs_courier_latest"), ("AND status = 'assigned'", "pairs_courier_status_latest")] {
        let mut transaction = world.pool.begin().await?;
        // The table is too small for an index to pay; what matters is which would do.
        sqlx::query("SET LOCAL enable_seqscan = off").execute(&mut *transaction).await?;
        sqlx::query("SET LOCAL enable_bitmapscan = off").execute(&mut *transaction).await?;
        sqlx::query("SET LOCAL enable_sort = off").execute(&mut *transaction).await?;
        let statement = format!(
            "EXPLAIN SELECT order_id FROM pairs WHERE courier_id = '{}' {filter} \
             ORDER BY assigned_at DESC, order_id DESC LIMIT 20",
            Uuid::nil()
        );
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_all(&mut *transaction).await?;
        let plan = plan.join("\n");
        assert!(plan.contains(&format!("{index} ")) && !plan.contains("Sort"), "{filter}: {plan}");
    }
    Ok(())
}
