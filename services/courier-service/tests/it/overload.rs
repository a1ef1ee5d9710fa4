//! More than the service can do: it says so at once, and is well afterwards.

use std::time::Duration;

use anyhow::{Context as _, Result};
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::json;
use test_support::{
    ServiceProcess, eventually,
    http::{Answer, send},
};

use crate::support::{World, courier_id};

/// Longer than the service takes for anything. Whoever waits for so long was not answered.
const PATIENCE: Duration = Duration::from_secs(60);

async fn register(service: &ServiceProcess) -> Result<Answer> {
    let request = service.request(Method::PUT, &format!("/couriers/{}", courier_id())).timeout(PATIENCE);
    send(request.json(&json!({"name": "Ada", "zone": "S"}))).await
}

/// Demands a problem that says when to try again, of one of these kinds.
fn try_again(answer: &Answer, slugs: &[&str]) -> Result<()> {
    let slug = answer.body["type"].as_str().context("a problem")?;
    assert!(slugs.contains(&slug), "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
    answer.problem(503, slug).map(drop)
}

#[tokio::test]
async fn a_database_that_hangs_is_told_to_each_client_and_forgotten_afterwards() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[("REQUEST_TIMEOUT_SECONDS", "2"), ("MAX_REQUESTS", "3")]).await?;
    let mut lock = world.pool().await?.begin().await?;
    sqlx::query("LOCK TABLE couriers IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await?;
    for answer in try_join_all((0..8).map(|_| register(&service))).await? {
        try_again(&answer, &["overloaded", "timeout"])?;
    }
    lock.rollback().await?;
    eventually("a courier is registered", || async {
        let answer = register(&service).await?;
        Ok((answer.status == 201).then_some(()))
    })
    .await?;
    service.stop().await
}

#[tokio::test]
async fn nothing_is_added_to_a_full_outbox() -> Result<()> {
    let world = World::create().await?;
    let nowhere = "arn:aws:sns:eu-west-2:123450000001:no-such-topic";
    let service = world.start(&[("EVENTS_TOPIC_ARN", nowhere), ("MAX_OUTBOX", "1")]).await?;
    let refused = eventually("the outbox is full", || async {
        let answer = register(&service).await?;
        Ok((answer.status != 201).then_some(answer))
    });
    try_again(&refused.await?, &["overloaded"])?;
    assert_eq!(service.get("/couriers").await?.status, 200);
    sqlx::query("DELETE FROM outbox").execute(&world.pool().await?).await?;
    eventually("there is room again", || async { Ok((register(&service).await?.status == 201).then_some(())) }).await?;
    service.stop().await
}
