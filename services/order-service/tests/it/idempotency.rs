//! `Idempotency-Key`: one key, one request, one order, one answer.

use anyhow::Result;
use chrono::TimeDelta;
use dispatch_contracts::life::Change;
use futures::future::try_join_all;
use order_service::error::Error;
use uuid::Uuid;

use crate::support::{UseCases, changed, creation, order_id, time};

#[tokio::test]
async fn requests_with_one_key_at_one_moment_make_one_order() -> Result<()> {
    let world = UseCases::create().await?;
    let requests = (0..12).map(|_| anyhow::Ok(world.orders.create(creation(None, Some("one-key"))?)));
    let answers = try_join_all(requests.collect::<Result<Vec<_>>>()?).await?;
    assert!(answers.iter().all(|answer| answer == &answers[0] && answer.is_new), "{answers:?}");
    assert_eq!((world.count("orders").await?, world.count("outbox").await?), (1, 1));
    Ok(())
}

#[tokio::test]
async fn a_repetition_is_answered_as_the_first_time_whatever_became_of_the_order() -> Result<()> {
    let world = UseCases::create().await?;
    let first = world.orders.create(creation(None, Some("k"))?).await?;
    let assigned = Change::Assigned(Uuid::new_v4().into());
    let news = changed(first.order.order_id, assigned, time("2026-01-01T00:00:01Z")?, Uuid::new_v4());
    world.orders.record_changes(&[news]).await?;
    assert_eq!(world.orders.create(creation(None, Some("k"))?).await?, first);
    assert_ne!(world.orders.get(first.order.order_id).await?, first.order);
    Ok(())
}

#[tokio::test]
async fn a_key_stands_for_one_request() -> Result<()> {
    let world = UseCases::create().await?;
    world.orders.create(creation(None, Some("k"))?).await?;
    for other in [creation(Some(order_id()), Some("k"))?, {
        let mut other = creation(None, Some("k"))?;
        other.request.priority = 1.try_into().map_err(anyhow::Error::msg)?;
        other
    }] {
        assert!(matches!(world.orders.create(other).await, Err(Error::IdempotencyKeyReused)));
    }
    assert!(world.orders.create(creation(None, Some("another"))?).await?.is_new);
    assert_eq!(world.count("orders").await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_request_that_was_refused_does_not_use_its_key_up() -> Result<()> {
    let world = UseCases::create().await?;
    let id = order_id();
    world.orders.create(creation(Some(id), None)?).await?;
    let mut conflicting = creation(Some(id), Some("k"))?;
    conflicting.request.zone = "T".parse()?;
    assert!(matches!(world.orders.create(conflicting.clone()).await, Err(Error::OrderConflict)));
    assert!(matches!(world.orders.create(conflicting).await, Err(Error::OrderConflict)), "the same answer again");
    assert_eq!(world.count("idempotency_keys").await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_key_expires_and_is_forgotten() -> Result<()> {
    let world = UseCases::create().await?;
    let first = world.orders.create(creation(None, Some("k"))?).await?;
    world.orders.create(creation(None, Some("another"))?).await?;
    world.pass(TimeDelta::hours(24) - TimeDelta::microseconds(1));
    assert_eq!(world.orders.create(creation(None, Some("k"))?).await?, first);
    assert_eq!(world.orders.prune_keys().await?, 0);

    world.pass(TimeDelta::microseconds(1));
    let second = world.orders.create(creation(None, Some("k"))?).await?;
    assert_ne!(second.order.order_id, first.order.order_id, "whether or not it was pruned");
    assert_eq!(world.orders.prune_keys().await?, 1, "the other key");
    assert_eq!(world.orders.create(creation(None, Some("k"))?).await?, second);
    Ok(())
}

#[tokio::test]
async fn more_keys_than_a_batch_are_forgotten() -> Result<()> {
    let world = UseCases::create().await?;
    sqlx::query(
        "INSERT INTO idempotency_keys (key, fingerprint, expires_at) \
         SELECT n::text, '', '2025-01-01' FROM generate_series(1, 2500) AS n",
    )
    .execute(&world.pool)
    .await?;
    assert_eq!(world.orders.prune_keys().await?, 2500);
    Ok(())
}
