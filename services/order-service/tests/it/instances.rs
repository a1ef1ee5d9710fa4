//! Instances side by side, and instances that end.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use test_support::{TestQueue, eventually};

use crate::support::{CLOSED, World};

#[tokio::test]
async fn two_instances_publish_each_event_once() -> Result<()> {
    const ORDERS: usize = 120;
    // More would wait for the few connections of the pools, and some of them for too long.
    const AT_ONCE: usize = 20;
    let world = World::create().await?;
    let published = TestQueue::create(&world.servers).await?;
    world.topic.subscribe(&published, true).await?;
    world.topic.subscribe(&world.events, true).await?;
    let (one, two) = tokio::try_join!(world.start(&[]), world.start(&[]))?;
    let body = json!({"details": "Buy", "zone": "S"});
    let requests = (0..ORDERS).map(|n| (if n % 2 == 0 { &one } else { &two }).post("/orders", &body));
    let answers: Vec<_> = stream::iter(requests).buffered(AT_ONCE).try_collect().await?;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");

    let mut messages = published.take_at_least(ORDERS).await?;
    // Both have emptied the outbox when they have ended, so whatever they publish is there.
    one.stop().await?;
    two.stop().await?;
    messages.extend(published.take().await?);
    let bodies: BTreeMap<_, _> = messages.iter().map(|message| (message.message_id(), message.body())).collect();
    let events = bodies.values().map(|body| Ok(serde_json::from_str(body.context("a body")?)?));
    let events = events.collect::<Result<Vec<Value>>>()?;
    let distinct = |field: &str| events.iter().map(|event| event[field].to_string()).collect::<BTreeSet<_>>().len();
    assert_eq!((events.len(), distinct("eventId"), distinct("orderId")), (ORDERS, ORDERS, ORDERS));
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(&world.pool().await?).await?;
    assert_eq!(left, 0);
    Ok(())
}

#[tokio::test]
async fn what_an_instance_that_was_killed_left_is_published_by_another() -> Result<()> {
    let world = World::create().await?;
    let published = TestQueue::create(&world.servers).await?;
    world.topic.subscribe(&published, true).await?;
    // It publishes to where nobody is.
    let mut one = world.start(&[("EVENTS_TOPIC_ARN", "arn:aws:sns:eu-west-2:000000000000:no-such-topic")]).await?;
    let made = one.post("/orders", &json!({"details": "Buy", "zone": "S"})).await?;
    assert_eq!(made.status, 201);
    one.signal("KILL").await?;
    one.exited().await?;
    let two = world.start(&[]).await?;
    let event = eventually("it is published", || async { Ok(published.take().await?.pop()) }).await?;
    assert!(event.body().is_some_and(|body| body.contains(made.body["orderId"].as_str().unwrap_or("?"))));
    two.stop().await
}

/// A database that does not answer yet is waited for, but not by a process that is told to stop.
#[test]
fn sigterm_while_it_starts_ends_it_well() -> Result<()> {
    let mut service = Command::new(env!("CARGO_BIN_EXE_order-service"))
        .env("DATABASE_URL", format!("postgres://nobody@{}/none", CLOSED.trim_start_matches("http://")))
        .envs([("HTTP_ADDR", "127.0.0.1:0"), ("GRPC_ADDR", "127.0.0.1:0"), ("LOG_FORMAT", "text")])
        .stderr(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(service.stderr.take().context("its log")?).lines();
    lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("does not answer yet"))).context("it waits")??;
    let sent = Command::new("kill").args(["-TERM", &service.id().to_string()]).status()?;
    assert!(sent.success() && service.wait()?.success());
    Ok(())
}
