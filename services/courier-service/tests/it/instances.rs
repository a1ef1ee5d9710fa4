//! Instances side by side.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use serde_json::{Value, json};
use test_support::TestQueue;

use crate::support::{World, courier_id};

#[tokio::test]
async fn two_instances_publish_each_event_once_and_agree() -> Result<()> {
    const CHANGES: usize = 120;
    // More would wait for the few connections of the pools, and some of them for too long.
    const AT_ONCE: usize = 20;
    let world = World::create().await?;
    let published = TestQueue::create(&world.servers).await?;
    world.topic.subscribe(&published, true).await?;
    world.topic.subscribe(&world.events, true).await?;
    let (one, two) = tokio::try_join!(world.start(&[]), world.start(&[]))?;
    let paths: Vec<_> = (0..4).map(|_| format!("/couriers/{}", courier_id())).collect();
    let body = json!({"name": "a", "zone": "S"});
    let requests = (0..CHANGES).map(|n| (if n % 2 == 0 { &one } else { &two }).put(&paths[n % 4], &body));
    let answers: Vec<_> = stream::iter(requests).buffered(AT_ONCE).try_collect().await?;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let changed = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!((made, changed), (4, CHANGES - 4), "{answers:?}");
    let known = try_join_all(paths.iter().map(|path| one.get(path))).await?;

    let mut messages = published.take_at_least(CHANGES).await?;
    world.events.drained().await?;
    for (path, before) in paths.iter().zip(known) {
        assert_eq!(two.get(path).await?.body, before.body, "what came back changed nothing");
    }
    // Both have emptied the outbox when they have ended, so whatever they publish is there.
    one.stop().await?;
    two.stop().await?;
    messages.extend(published.take().await?);
    let bodies: BTreeMap<_, _> = messages.iter().map(|message| (message.message_id(), message.body())).collect();
    let events = bodies.values().map(|body| Ok(serde_json::from_str(body.context("a body")?)?));
    let events = events.collect::<Result<Vec<Value>>>()?;
    let distinct = |fields: [&str; 2]| {
        events.iter().map(|event| fields.map(|field| event[field].to_string())).collect::<BTreeSet<_>>().len()
    };
    assert_eq!((events.len(), distinct(["eventId", "type"])), (CHANGES, CHANGES));
    assert_eq!(distinct(["courierId", "occurredAt"]), CHANGES, "each change of a courier has a version of its own");
    Ok(())
}
