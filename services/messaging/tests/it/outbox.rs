//! The outbox against the real PostgreSQL and SNS.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use chrono::Utc;
use messaging::{
    Outbox, Publisher,
    outbox::{OutboxEvent, Relay, with_migrations},
};
use sqlx::{PgPool, migrate::Migrator};
use test_support::{Servers, TestQueue, TestTopic, database, eventually};
use tokio_util::sync::CancellationToken;
use trace::TraceParent;
use uuid::Uuid;

use crate::harness::clients;

const NOWHERE: &str = "arn:aws:sns:eu-west-2:123450000001:no-such-topic";

struct World {
    servers: Servers,
    pool: PgPool,
    queue: TestQueue,
    outbox: Outbox,
    stop: CancellationToken,
}

impl World {
    async fn new() -> Result<Self> {
        let servers = Servers::from_env()?;
        let pool = database::migrated(&servers, &with_migrations(&Migrator::DEFAULT)).await?;
        let (queue, topic) = (TestQueue::create(&servers).await?, TestTopic::create(&servers).await?);
        topic.subscribe(&queue, true).await?;
        Ok(Self { servers, pool, queue, outbox: Outbox::new(topic.arn), stop: CancellationToken::new() })
    }

    async fn relay(&self) -> tokio::task::JoinHandle<()> {
        let publisher = Publisher::new(&clients(&self.servers).await);
        tokio::spawn(Relay::new(&self.outbox, self.pool.clone(), publisher).run(self.stop.clone()))
    }

    async fn commit(&self, events: &[OutboxEvent]) -> Result<()> {
        let mut transaction = self.pool.begin().await?;
        self.outbox.enqueue(&mut transaction, events).await?;
        transaction.commit().await?;
        self.outbox.wake();
        Ok(())
    }

    async fn left(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(&self.pool).await?)
    }

    async fn emptied(&self) -> Result<()> {
        eventually("the outbox is empty", || async { Ok((self.left().await? == 0).then_some(())) }).await
    }
}

fn event(payload: String) -> OutboxEvent {
    OutboxEvent {
        event_id: Uuid::now_v7(),
        event_type: "Something",
        payload,
        trace: TraceParent::start(),
        caused_at: Some(Utc::now()),
    }
}

#[tokio::test]
async fn what_committed_is_published_once_with_its_attributes_by_any_number_of_relays() -> Result<()> {
    let world = World::new().await?;
    let relays = [world.relay().await, world.relay().await, world.relay().await];
    let events: Vec<_> = (0..450).map(|number| event(format!("payload {number}"))).collect();
    for chunk in events.chunks(90) {
        world.commit(chunk).await?;
    }
    world.emptied().await?;
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for message in world.queue.take().await? {
        *seen.entry(message.body.clone().context("a body")?).or_default() += 1;
        let attributes = message.message_attributes.context("attributes")?;
        let value = |name: &str| attributes.get(name)?.string_value().map(str::to_owned);
        assert_eq!(value("eventType").as_deref(), Some("Something"));
        let sent = events.iter().find(|event| Some(&event.payload) == message.body.as_ref()).context("ours")?;
        assert_eq!(value("eventId"), Some(sent.event_id.to_string()));
        let parent: TraceParent = value("traceparent").context("a trace")?.parse()?;
        assert_eq!(parent.trace_id(), sent.trace.trace_id());
        assert_ne!(parent, sent.trace, "what follows is caused by the publishing");
    }
    assert_eq!((seen.len(), seen.values().max()), (450, Some(&1)));
    world.stop.cancel();
    for relay in relays {
        relay.await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_was_rolled_back_is_not_published() -> Result<()> {
    let world = World::new().await?;
    let relay = world.relay().await;
    let mut transaction = world.pool.begin().await?;
    world.outbox.enqueue(&mut transaction, &[event("rolled back".into())]).await?;
    transaction.rollback().await?;
    world.commit(&[event("committed".into())]).await?;
    world.emptied().await?;
    let bodies: Vec<_> = world.queue.take().await?.into_iter().filter_map(|message| message.body).collect();
    assert_eq!(bodies, ["committed"]);
    world.stop.cancel();
    Ok(relay.await?)
}

#[tokio::test]
async fn a_relay_that_stops_publishes_what_is_left() -> Result<()> {
    let world = World::new().await?;
    world.commit(&[event("left".into())]).await?;
    world.stop.cancel();
    world.relay().await.await?;
    assert_eq!((world.left().await?, world.queue.take().await?.len()), (0, 1));
    Ok(())
}

#[tokio::test]
async fn rows_of_a_relay_that_dies_are_free_at_once() -> Result<()> {
    let world = World::new().await?;
    world.commit(&[event("held".into())]).await?;
    // A relay in the midst of publishing: its transaction holds the row.
    let mut dying = world.pool.begin().await?;
    let held = sqlx::query(include_str!("../../src/outbox/claim.sql")).bind(10_i64).fetch_all(&mut *dying).await?;
    assert_eq!(held.len(), 1);
    let relay = world.relay().await;
    world.commit(&[event("free".into())]).await?;
    eventually("only the held row is left", || async { Ok((world.left().await? == 1).then_some(())) }).await?;
    drop(dying);
    world.emptied().await?;
    world.stop.cancel();
    Ok(relay.await?)
}

#[tokio::test]
async fn what_sns_refuses_is_kept_and_put_off_and_the_rest_goes_out() -> Result<()> {
    let world = World::new().await?;
    let relay = world.relay().await;
    let too_large = "x".repeat(300 * 1024);
    world.commit(&[event(too_large), event("taken".into())]).await?;
    eventually("the refused one was tried more than once", || async {
        let attempts: i32 = sqlx::query_scalar("SELECT max(attempts) FROM outbox").fetch_one(&world.pool).await?;
        Ok((attempts > 1 && world.left().await? == 1).then_some(()))
    })
    .await?;
    let bodies: Vec<_> = world.queue.take().await?.into_iter().filter_map(|message| message.body).collect();
    assert_eq!(bodies, ["taken"]);
    world.stop.cancel();
    Ok(relay.await?)
}

#[tokio::test]
async fn what_was_meant_for_another_topic_goes_to_that_of_today() -> Result<()> {
    let world = World::new().await?;
    let mut transaction = world.pool.begin().await?;
    Outbox::new(NOWHERE.to_owned()).enqueue(&mut transaction, &[event("left behind".into())]).await?;
    transaction.commit().await?;
    let relay = world.relay().await;
    world.emptied().await?;
    let bodies: Vec<_> = world.queue.take().await?.into_iter().filter_map(|message| message.body).collect();
    assert_eq!(bodies, ["left behind"]);
    world.stop.cancel();
    Ok(relay.await?)
}

#[tokio::test]
async fn how_much_waits_is_known() -> Result<()> {
    let world = World { outbox: Outbox::new(NOWHERE.to_owned()), ..World::new().await? };
    let relay = world.relay().await;
    world.commit(&(0..7).map(|n| event(n.to_string())).collect::<Vec<_>>()).await?;
    eventually("seven wait", || async { Ok((world.outbox.waiting() == 7).then_some(())) }).await?;
    sqlx::query("DELETE FROM outbox").execute(&world.pool).await?;
    eventually("none waits", || async { Ok((world.outbox.waiting() == 0).then_some(())) }).await?;
    world.stop.cancel();
    Ok(relay.await?)
}
