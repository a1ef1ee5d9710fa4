//! Dead letters, as a program deals with them, on the real SQS.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use anyhow::{Context as _, Result};
use aws_sdk_sqs::types::MessageAttributeValue;
use messaging::{
    Outcome, Queue,
    dead_letters::{Shelf, Which},
    queue::Depth,
};
use metrics_exporter_prometheus::PrometheusBuilder;
use test_support::{Servers, TestQueue, eventually};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    harness::{clients, done, start_open},
    operator::{dead, dies, undisturbed},
};

struct World {
    servers: Servers,
    queue: TestQueue,
    shelf: Shelf,
    stop: CancellationToken,
}

impl World {
    async fn new() -> Result<Self> {
        let servers = Servers::from_env()?;
        let queue = TestQueue::create(&servers).await?;
        let shelf = Shelf::of(Queue::find(&clients(&servers).await, &queue.name).await?);
        Ok(Self { servers, queue, shelf, stop: CancellationToken::new() })
    }

    /// Has a consumer put these aside.
    async fn put_aside(&self, bodies: &[String]) -> Result<()> {
        for body in bodies {
            let attribute = MessageAttributeValue::builder().data_type("String").string_value("Test").build()?;
            let call = self.queue.sqs.send_message().queue_url(&self.queue.url).message_body(body);
            call.message_attributes("eventType", attribute).send().await?;
        }
        let consumer = start_open(&self.servers, &self.queue, |_, batch| {
            Ok(batch.iter().map(|_| Outcome::Quarantine("never".to_owned())).collect())
        });
        let consumer = consumer.await?;
        dies(&self.queue, u32::try_from(bodies.len())?).await?;
        self.queue.drained().await?;
        consumer.drain().await
    }
}

fn bodies(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("bad {number}")).collect()
}

#[tokio::test]
async fn a_list_has_everything_of_each_and_disturbs_nothing() -> Result<()> {
    let world = World::new().await?;
    world.put_aside(&bodies(12)).await?;
    let all = world.shelf.list(100, &world.stop).await?;
    assert_eq!(dead(&world.queue).await?, undisturbed(12));
    let mut listed: Vec<&str> = all.iter().map(|letter| letter.body.as_str()).collect();
    listed.sort_by_key(|body| body.len());
    assert_eq!(listed, bodies(12));
    for letter in &all {
        assert_eq!((letter.reason.as_str(), letter.event_type.as_deref()), ("never", Some("Test")));
        assert_eq!(letter.attributes["sourceQueue"], world.queue.name);
        assert!(letter.receive_count == 1 && !letter.message_id.is_empty(), "{letter:?}");
        assert!(letter.sent_at.is_some() && letter.sent_at <= letter.failed_at, "{letter:?}");
    }
    assert_eq!(world.shelf.list(5, &world.stop).await?.len(), 5);
    world.stop.cancel();
    assert!(world.shelf.list(5, &world.stop).await?.is_empty());
    assert_eq!(dead(&world.queue).await?, undisturbed(12));
    Ok(())
}

#[tokio::test]
async fn what_a_look_held_is_handed_back_also_when_nobody_waits_for_it_any_more() -> Result<()> {
    let world = World::new().await?;
    let bodies: Vec<String> = (0..12).map(|number| format!("{number} {}", "x".repeat(20_000))).collect();
    world.put_aside(&bodies).await?;
    for redrives in [false, true] {
        // It cannot ask for more than all of them before it was seen to hold them.
        let (are_seen, stop) = (CancellationToken::new(), world.stop.clone());
        let (endpoint, _running) = holds_after(&world.servers.aws_endpoint, 12 * 20_000, &are_seen).await?;
        let behind = Servers { aws_endpoint: endpoint, ..world.servers.clone() };
        let shelf = Shelf::of(Queue::find(&clients(&behind).await, &world.queue.name).await?);
        let looking = tokio::spawn(async move {
            // Each goes on looking when it has seen all there are.
            if redrives {
                let _ = shelf.redrive(&Which::These(vec!["nobody".to_owned()]), &stop).await;
            } else {
                let _ = shelf.list(100, &stop).await;
            }
        });
        eventually("it holds all", || async { Ok((dead(&world.queue).await?.in_flight == 12).then_some(())) }).await?;
        looking.abort();
        assert!(looking.await.is_err_and(|error| error.is_cancelled()), "it is under way");
        are_seen.cancel();
        // Else they would be hidden for longer than this waits.
        dies(&world.queue, 12).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_redrive_tells_what_went_back_and_what_is_not_there() -> Result<()> {
    let world = World::new().await?;
    world.put_aside(&bodies(4)).await?;
    let letters = world.shelf.list(100, &world.stop).await?;
    let (first, second) = (&letters[0], &letters[1]);
    // By the id here, and by the one that its consumer knows.
    let ids = vec![first.message_id.clone(), second.attributes["sourceMessageId"].clone(), "nobody".to_owned()];
    let report = world.shelf.redrive(&Which::These(ids), &world.stop).await?;
    let [(id, reason)] = report.failed.as_slice() else { anyhow::bail!("{report:?}") };
    assert_eq!((report.redriven, report.came_back, report.is_cut_short, id.as_str()), (2, 0, false, "nobody"));
    assert!(reason.contains("not there"), "{reason}");
    assert_eq!((dead(&world.queue).await?, world.queue.depth().await?.visible), (undisturbed(2), 2));

    let report = world.shelf.redrive(&Which::All, &world.stop).await?;
    assert_eq!((report.redriven, report.failed.as_slice(), report.is_cut_short), (2, [].as_slice(), false));
    assert_eq!(dead(&world.queue).await?, undisturbed(0));
    let consumer = start_open(&world.servers, &world.queue, |_, batch| done(batch)).await?;
    eventually("all come again", || async { Ok((consumer.log.bodies().len() == 4).then_some(())) }).await?;
    consumer.drain().await
}

#[tokio::test]
async fn a_redrive_that_loses_sqs_on_the_way_tells_what_had_gone_back() -> Result<()> {
    let world = World::new().await?;
    let bodies: Vec<String> = (0..12).map(|number| format!("{number} {}", "x".repeat(10_000))).collect();
    world.put_aside(&bodies).await?;
    // Ten go back by one call, and the call with the other two comes too late.
    let (endpoint, _running) = breaks_after(&world.servers.aws_endpoint, 122_000).await?;
    let behind = Servers { aws_endpoint: endpoint, ..world.servers.clone() };
    let shelf = Shelf::of(Queue::find(&clients(&behind).await, &world.queue.name).await?);
    let report = shelf.redrive(&Which::All, &world.stop).await?;
    assert_eq!((report.redriven, report.failed.as_slice()), (10, [].as_slice()), "{report:?}");
    assert!(report.ended_by.is_some() && !report.is_complete(), "{report:?}");
    assert_eq!(world.queue.depth().await?.visible, 10);
    Ok(())
}

/// In front of SQS, a network that is gone for good when this many bytes were sent to it.
async fn breaks_after(endpoint: &str, bytes: usize) -> Result<(String, JoinSet<()>)> {
    let sqs: SocketAddr = endpoint.strip_prefix("http://").context("http://")?.parse()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let (left, broken) = (Arc::new(AtomicUsize::new(bytes)), CancellationToken::new());
    let mut running = JoinSet::new();
    running.spawn(async move {
        let mut connections = JoinSet::new();
        while let Some(Ok((client, _))) = broken.run_until_cancelled(listener.accept()).await {
            let (left, broken) = (left.clone(), broken.clone());
            connections.spawn(async move { broken.run_until_cancelled(pass(client, sqs, &left, &broken)).await });
        }
    });
    Ok((address, running))
}

async fn pass(mut client: TcpStream, sqs: SocketAddr, left: &AtomicUsize, broken: &CancellationToken) -> Result<()> {
    let mut server = TcpStream::connect(sqs).await?;
    let ((mut asks, mut gets), (mut answers, mut asked)) = (client.split(), server.split());
    let asking = async {
        let mut buffer = [0; 4_096];
        loop {
            let count = asks.read(&mut buffer).await?;
            if left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(count)).is_err() {
                broken.cancel();
            }
            if count == 0 || broken.is_cancelled() {
                return Ok(());
            }
            asked.write_all(&buffer[..count]).await?;
        }
    };
    tokio::select! {
        asked = asking => asked,
        answered = copy(&mut answers, &mut gets) => Ok(answered.map(drop)?),
    }
}

/// In front of SQS, a network that carries no request after so many bytes of answers, until it goes on.
async fn holds_after(endpoint: &str, bytes: usize, goes_on: &CancellationToken) -> Result<(String, JoinSet<()>)> {
    let sqs: SocketAddr = endpoint.strip_prefix("http://").context("http://")?.parse()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let (came, goes_on) = (Arc::new(AtomicUsize::new(0)), goes_on.clone());
    let mut running = JoinSet::new();
    running.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            let (came, goes_on) = (came.clone(), goes_on.clone());
            connections.spawn(async move { hold(client, sqs, &came, bytes, &goes_on).await });
        }
    });
    Ok((address, running))
}

async fn hold(
    mut client: TcpStream,
    sqs: SocketAddr,
    came: &AtomicUsize,
    bytes: usize,
    goes_on: &CancellationToken,
) -> Result<()> {
    let mut server = TcpStream::connect(sqs).await?;
    let ((mut asks, mut gets), (mut answers, mut asked)) = (client.split(), server.split());
    let (mut request, mut answer) = ([0; 4_096], [0; 4_096]);
    let asking = async {
        while let count @ 1.. = asks.read(&mut request).await? {
            if came.load(Relaxed) >= bytes {
                goes_on.cancelled().await;
            }
            asked.write_all(&request[..count]).await?;
        }
        anyhow::Ok(())
    };
    let answering = async {
        while let count @ 1.. = answers.read(&mut answer).await? {
            came.fetch_add(count, Relaxed);
            gets.write_all(&answer[..count]).await?;
        }
        anyhow::Ok(())
    };
    tokio::select! {
        asked = asking => asked,
        answered = answering => answered,
    }
}

#[tokio::test]
async fn how_much_lies_there_is_known_and_a_purge_says_how_much_there_was() -> Result<()> {
    let world = World::new().await?;
    world.put_aside(&bodies(3)).await?;
    world.queue.send(&bodies(4)).await?;
    let delayed = world.queue.sqs.send_message().queue_url(&world.queue.url).message_body("later").delay_seconds(900);
    delayed.send().await?;
    let held = world.queue.sqs.receive_message().queue_url(&world.queue.url).max_number_of_messages(1).send().await?;
    held.messages.and_then(|messages| messages.into_iter().next()).context("one is received")?;

    let queue = Queue::find(&clients(&world.servers).await, &world.queue.name).await?;
    assert_eq!(queue.depth().await?, Depth { visible: 3, in_flight: 1, delayed: 1 });
    assert_eq!(queue.dead_letters_depth().await?, Depth { visible: 3, in_flight: 0, delayed: 0 });
    assert_eq!(world.shelf.purge().await?, 3);
    assert_eq!(queue.dead_letters_depth().await?, Depth { visible: 0, in_flight: 0, delayed: 0 });
    assert_eq!(queue.depth().await?.visible, 3, "only the dead letters");
    Ok(())
}

#[tokio::test]
async fn letters_that_somebody_looks_at_are_counted() -> Result<()> {
    let world = World::new().await?;
    world.put_aside(&bodies(3)).await?;
    let look = world.queue.sqs.receive_message().queue_url(&world.queue.dlq_url).max_number_of_messages(1);
    look.visibility_timeout(600).send().await?.messages.context("one is looked at")?;
    assert_eq!(dead(&world.queue).await?.in_flight, 1);

    // The consumer runs on this thread, too.
    let recorder = PrometheusBuilder::new().build_recorder();
    let _measuring = metrics::set_default_local_recorder(&recorder);
    let consumer = start_open(&world.servers, &world.queue, |_, batch| done(batch)).await?;
    let name = format!("dispatch_dead_letters{{queue=\"{}\"}} ", world.queue.name);
    let shown = eventually("they are measured", || async {
        let text = recorder.handle().render();
        Ok(text.lines().find_map(|line| line.strip_prefix(&name)).map(str::to_owned))
    });
    assert_eq!(shown.await?, "3");
    consumer.drain().await
}
