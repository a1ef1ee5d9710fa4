//! The wire tap on real queues and the real PostgreSQL.

use std::{
    cell::Cell,
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use aws_sdk_sqs::types::MessageAttributeValue;
use chrono::{DateTime, Utc};
use messaging::{ConsumerSettings, HandlerError, Message, Outcome, PassedMessage, WireTap, outbox::with_migrations};
use sqlx::{PgPool, migrate::Migrator, postgres::PgPoolOptions};
use test_support::{Servers, TestQueue, database, eventually, wait::used_up};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::harness::{Log, Running, done, settings, start_with};

/// Longer than anything that is bounded takes on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// One queue, and the database of the service that consumes it.
struct World {
    servers: Servers,
    queue: TestQueue,
    pool: PgPool,
}

/// An instance of the service.
struct Instance {
    consumer: Running,
    tap: WireTap,
    writer: JoinHandle<()>,
    stop: CancellationToken,
}

impl World {
    async fn new() -> Result<Self> {
        let servers = Servers::from_env()?;
        let pool = database::migrated(&servers, &with_migrations(&Migrator::DEFAULT)).await?;
        Ok(Self { queue: TestQueue::create(&servers).await?, servers, pool })
    }

    /// An instance of this name, whose handler does this.
    async fn instance(
        &self,
        name: &str,
        settings: ConsumerSettings,
        behaviour: impl Fn(&Log, &[Message]) -> Result<Vec<Outcome>, HandlerError> + Send + Sync + 'static,
    ) -> Result<Instance> {
        let session = self.pool.connect_options().as_ref().clone().application_name(name);
        let pool = PgPoolOptions::new().max_connections(2).connect_with(session).await?;
        let (tap, stop) = (WireTap::new(pool), CancellationToken::new());
        let writer = tokio::spawn(tap.clone().run(stop.clone()));
        let tapped = |consumer: messaging::Consumer<_>| consumer.tapped(&tap);
        let consumer = start_with(&self.servers, &self.queue, settings, behaviour, tapped).await?;
        Ok(Instance { consumer, tap, writer, stop })
    }

    async fn start_open(&self) -> Result<Instance> {
        let instance = self.instance("", settings(), |_, batch| done(batch)).await?;
        instance.consumer.gate.cancel();
        Ok(instance)
    }

    /// Waits until so many have passed, kept or not.
    async fn passed(&self, tap: &WireTap, count: u64) -> Result<PassedMessage> {
        eventually(&format!("{count} have passed"), || async {
            // A look that takes too long is given up, by design.
            let mut newest = match tap.latest(&self.queue.name, 1).await {
                Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("57014") => return Ok(None),
                newest => newest?,
            };
            Ok(newest.pop().filter(|newest| newest.number + newest.skipped_after == count))
        })
        .await
    }

    async fn kept(&self) -> Result<i64> {
        let kept = sqlx::query_scalar("SELECT kept FROM passed_message_rings WHERE queue = $1");
        Ok(kept.bind(&self.queue.name).fetch_one(&self.pool).await?)
    }
}

impl Instance {
    /// As a service stops: first the consumer, then the tap.
    async fn stop(self) -> Result<()> {
        self.consumer.drain().await?;
        self.stop.cancel();
        Ok(self.writer.await?)
    }
}

fn bodies(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("message {number}")).collect()
}

#[tokio::test]
async fn what_passed_is_seen_as_it_was_with_what_became_of_it() -> Result<()> {
    let world = World::new().await?;
    let envelope = serde_json::json!({
        "Type": "Notification", "MessageId": "of-sns", "TopicArn": "arn:aws:sns:eu-west-2:123450000001:t",
        "Message": "inside", "Timestamp": "2026-01-02T03:04:05.678Z",
        "MessageAttributes": {"eventType": {"Type": "String", "Value": "AddCourier"}},
    });
    let large = "\u{e4}".repeat(50_000);
    world.queue.send(&["good".into(), "later".into(), envelope.to_string(), large.clone()]).await?;
    let attribute = MessageAttributeValue::builder().data_type("String").string_value("AddOrder").build()?;
    let bad = world.queue.sqs.send_message().queue_url(&world.queue.url).message_body("bad");
    let bad = bad.message_attributes("eventType", attribute).send().await?;
    let began = Utc::now();
    let instance = world.instance("the-instance", settings(), |log, batch| {
        let outcome = |body: &str| match body {
            "later" if log.times(body) < 3 => Outcome::Retry("not yet".into()),
            "bad" => Outcome::Quarantine("never\nand why".into()),
            _ => Outcome::Done,
        };
        Ok(batch.iter().map(|message| outcome(&message.body)).collect())
    });
    let instance = instance.await?;
    instance.consumer.gate.cancel();
    world.passed(&instance.tap, 7).await?;

    let all = instance.tap.latest(&world.queue.name, 100).await?;
    let of = |body: &str| all.iter().rev().filter(|message| message.body == body).collect::<Vec<_>>();
    let outcomes = |body: &str| of(body).into_iter().map(|m| (m.receive_count, m.outcome.clone())).collect::<Vec<_>>();
    let retry = Outcome::Retry("not yet".to_owned());
    assert_eq!(outcomes("good"), [(1, Outcome::Done)]);
    assert_eq!(outcomes("later"), [(1, retry.clone()), (2, retry), (3, Outcome::Done)]);
    assert_eq!(outcomes("bad"), [(1, Outcome::Quarantine("never\nand why".to_owned()))]);

    let of_bad = of("bad").pop().context("bad")?;
    assert_eq!(Some(of_bad.message_id.as_str()), bad.message_id());
    assert_eq!(of_bad.attributes, BTreeMap::from([("eventType".to_owned(), "AddOrder".to_owned())]));
    assert_eq!((of_bad.kind.as_str(), of_bad.passed_by.as_str()), ("scripted", "the-instance"));
    assert_eq!((of_bad.size, of_bad.is_cut, of_bad.skipped_after), (3, false, 0));
    // SQS's clock counts in milliseconds.
    let times = [of_bad.sent_at, began, of_bad.passed_at, Utc::now()];
    assert!(times.is_sorted(), "{times:?}");

    let wrapped = of(&envelope.to_string()).pop().context("the envelope as it came")?;
    assert_eq!((wrapped.message_id.as_str(), wrapped.attributes["eventType"].as_str()), ("of-sns", "AddCourier"));
    assert_eq!(wrapped.sent_at, "2026-01-02T03:04:05.678Z".parse::<DateTime<Utc>>()?);
    let cut = all.iter().find(|message| message.is_cut).context("a large one")?;
    assert_eq!((cut.size, cut.body.as_str()), (100_000, &large[..64 * 1024]));

    let mut numbers: Vec<u64> = all.iter().map(|message| message.number).collect();
    numbers.reverse();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(instance.tap.latest(&world.queue.name, 2).await?, all[..2]);
    assert_eq!(instance.tap.queues().as_slice(), std::slice::from_ref(&world.queue.name));
    assert!(instance.tap.latest("another", 9).await?.is_empty());
    instance.stop().await
}

#[tokio::test]
async fn all_instances_share_a_ring_of_the_latest() -> Result<()> {
    let world = World::new().await?;
    let instances = [
        world.instance("one", settings(), |_, batch| done(batch)).await?,
        world.instance("two", settings(), |_, batch| done(batch)).await?,
    ];
    for instance in &instances {
        instance.consumer.gate.cancel();
    }
    let mut last = String::new();
    // Never more than there is room for, so that all are kept.
    for round in 1..=14 {
        let round_of: Vec<String> = bodies(40).iter().map(|body| format!("{body} of round {round}")).collect();
        world.queue.send(&round_of).await?;
        last.clone_from(&round_of[39]);
        world.passed(&instances[0].tap, round * 40).await?;
    }
    let all = instances[0].tap.latest(&world.queue.name, 1_000).await?;
    assert_eq!(instances[1].tap.latest(&world.queue.name, 1_000).await?, all);
    let numbers: Vec<u64> = all.iter().map(|message| message.number).collect();
    assert_eq!(numbers, (61..=560).rev().collect::<Vec<_>>());
    assert!(
        all.iter().all(|message| message.skipped_after == 0 && ["one", "two"].contains(&message.passed_by.as_str()))
    );
    assert!(all[..40].iter().any(|message| message.body == last));
    assert_eq!(world.kept().await?, 560);
    for instance in instances {
        instance.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn of_a_burst_some_are_kept_and_it_is_said_how_many_are_not() -> Result<()> {
    let world = World::new().await?;
    world.queue.send(&bodies(100)).await?;
    let settings = ConsumerSettings { workers: 1, max_batch: 100, ..settings() };
    let instance = world.instance("", settings, |_, batch| done(batch)).await?;
    // The worker is held at its first batch; what comes later is one batch, and larger than there is room for.
    eventually("all are held", || async { Ok((world.queue.depth().await?.in_flight == 100).then_some(())) }).await?;
    instance.consumer.gate.cancel();
    let newest = world.passed(&instance.tap, 100).await?;
    assert!((30..=50).contains(&newest.skipped_after), "{newest:?}");

    world.queue.send(&["after".into()]).await?;
    world.passed(&instance.tap, 101).await?;
    let latest = instance.tap.latest(&world.queue.name, 2).await?;
    assert_eq!((latest[0].body.as_str(), latest[0].skipped_after), ("after", 0));
    assert_eq!((&latest[1].message_id, latest[1].skipped_after), (&newest.message_id, newest.skipped_after));
    instance.stop().await
}

#[tokio::test]
async fn a_flood_goes_through_and_a_bounded_number_is_kept() -> Result<()> {
    let world = World::new().await?;
    world.queue.send(&bodies(5_000)).await?;
    let began = Instant::now();
    let instance = world.start_open().await?;
    used_up("what is not handled", || async { Ok(5_000 - instance.consumer.log.bodies().len() as u64) }).await?;
    world.queue.drained().await?;
    let newest = world.passed(&instance.tap, 5_000).await?;
    let writes = began.elapsed().as_millis() / 250 + 1;
    let kept = usize::try_from(world.kept().await?)?;
    assert!(kept as u128 <= writes * 50, "{kept} in {writes} writes: {newest:?}");
    assert_eq!(instance.tap.latest(&world.queue.name, 1_000).await?.len(), kept.min(500));
    instance.stop().await
}

#[tokio::test]
async fn a_table_that_is_locked_or_gone_holds_nobody_up() -> Result<()> {
    let world = World::new().await?;
    let instance = world.start_open().await?;
    let sent = Cell::new(0);
    for [before, after] in [
        ["BEGIN; LOCK TABLE passed_messages IN ACCESS EXCLUSIVE MODE", "ROLLBACK"],
        ["BEGIN; LOCK TABLE passed_message_rings IN ACCESS EXCLUSIVE MODE", "ROLLBACK"],
        ["ALTER TABLE passed_messages RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO passed_messages"],
    ] {
        let mut connection = world.pool.acquire().await?;
        sqlx::raw_sql(before).execute(&mut *connection).await?;
        // More than there is room for, twice: a first write and what gathers while it waits.
        world.queue.send(&bodies(150)).await?;
        world.queue.drained().await?;
        let refused = tokio::time::timeout(SOON, instance.tap.latest(&world.queue.name, 1)).await?;
        assert!(refused.is_err(), "{before}: {refused:?}");
        sqlx::raw_sql(after).execute(&mut *connection).await?;

        sent.set(sent.get() + 150);
        eventually("what passes is shown again", || async {
            sent.set(sent.get() + 1);
            world.queue.send(&[format!("after: {before}")]).await?;
            let newest = instance.tap.latest(&world.queue.name, 1).await?.pop();
            Ok(newest.filter(|newest| newest.body == format!("after: {before}")))
        })
        .await?;
        // What could not be written is not forgotten.
        world.passed(&instance.tap, sent.get()).await?;
    }
    assert!(!instance.writer.is_finished());
    instance.stop().await
}

#[tokio::test]
async fn what_was_settled_last_is_written_when_it_ends() -> Result<()> {
    let world = World::new().await?;
    let (tap, stop) = (WireTap::new(world.pool.clone()), CancellationToken::new());
    world.queue.send(&["last".into()]).await?;
    let tapped = |consumer: messaging::Consumer<_>| consumer.tapped(&tap);
    let behaviour = |_: &Log, batch: &[Message]| done(batch);
    let consumer = start_with(&world.servers, &world.queue, settings(), behaviour, tapped).await?;
    consumer.gate.cancel();
    world.queue.drained().await?;
    consumer.drain().await?;
    stop.cancel();
    tap.clone().run(stop).await;
    let latest = tap.latest(&world.queue.name, 9).await?;
    assert_eq!(latest.iter().map(|message| message.body.as_str()).collect::<Vec<_>>(), ["last"]);
    Ok(())
}
