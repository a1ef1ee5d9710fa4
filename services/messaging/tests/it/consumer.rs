//! The consumer against the real SQS.

use anyhow::{Context as _, Result};
use messaging::{ConsumerSettings, HandlerError, Outcome, Queue};
use test_support::{Servers, TestQueue, eventually, queues::Depth};
use tokio_util::sync::CancellationToken;

use crate::harness::{NOT_MINDED, POISON, clients, done, settings, start, start_open};

fn bodies(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("message {number}")).collect()
}

async fn seen(running: &crate::harness::Running, count: usize) -> Result<()> {
    eventually("all messages are handled", || async { Ok((running.log.bodies().len() == count).then_some(())) }).await
}

#[tokio::test]
async fn every_message_is_handled_once_and_deleted() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    queue.send(&bodies(57)).await?;
    let running = start_open(&servers, &queue, |_, batch| done(batch)).await?;
    seen(&running, 57).await?;
    queue.drained().await?;
    assert!(running.log.bodies().values().all(|times| *times == 1));
    running.drain().await
}

#[tokio::test]
async fn batches_span_receives_and_what_is_held_is_bounded() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    queue.send(&bodies(100)).await?;
    let settings = ConsumerSettings { receivers: 2, workers: 1, max_in_flight: 40, max_batch: 30, ..settings() };
    let running = start(&servers, &queue, settings, |_, batch| done(batch)).await?;
    // The one worker is held at its first batch, so permits run out: no more than 40 are taken.
    let held = eventually("the permits are taken", || async {
        let depth = queue.depth().await?;
        Ok((depth.in_flight == 40).then_some(depth))
    })
    .await?;
    assert_eq!(held.visible, 60);
    running.gate.cancel();
    seen(&running, 100).await?;
    queue.drained().await?;
    let batches = running.log.batches();
    assert!(batches.iter().any(|size| *size > 10), "none spans two receives: {batches:?}");
    assert!(batches.iter().all(|size| *size <= 30), "{batches:?}");
    running.drain().await
}

#[tokio::test]
async fn a_message_stays_invisible_while_it_is_handled() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    queue.send(&bodies(10)).await?;
    // It takes ten and no more.
    let settings = ConsumerSettings { receivers: 1, max_in_flight: 10, visibility_timeout_seconds: 10, ..settings() };
    let slow = start(&servers, &queue, settings, |_, batch| done(batch)).await?;
    eventually("it holds all", || async { Ok((queue.depth().await?.in_flight == 10).then_some(())) }).await?;
    // Another consumer gets what becomes visible. A marker sent after more than twice the visibility timeout shows that
    // it looked: until then the slow one's messages were never to be had.
    let other = start_open(&servers, &queue, |_, batch| done(batch)).await?;
    let marker = queue.clone();
    let call = marker.sqs.send_message().queue_url(&marker.url).message_body("marker").delay_seconds(21);
    call.send().await?;
    eventually("the marker is seen", || async { Ok((other.log.times("marker") == 1).then_some(())) }).await?;
    slow.gate.cancel();
    queue.drained().await?;
    assert!(bodies(10).iter().all(|body| slow.log.times(body) == 1 && other.log.times(body) == 0));
    slow.drain().await?;
    other.drain().await
}

#[tokio::test]
async fn outcomes_are_per_message() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    queue.send(&["good".into(), "later".into(), "bad".into()]).await?;
    let running = start_open(&servers, &queue, |log, batch| {
        let outcome = |body: &str| match body {
            "later" if log.times(body) < 3 => Outcome::Retry("not yet".into()),
            "bad" => Outcome::Quarantine("never\nand why".into()),
            _ => Outcome::Done,
        };
        Ok(batch.iter().map(|message| outcome(&message.body)).collect())
    })
    .await?;
    queue.drained().await?;
    assert_eq!(["good", "later", "bad"].map(|body| running.log.times(body)), [1, 3, 1]);
    let dead = queue.dead_letters().await?;
    let letter = dead.first().context("a dead letter")?;
    let attribute = |name: &str| {
        let attributes = letter.message_attributes.as_ref()?;
        attributes.get(name)?.string_value().map(str::to_owned)
    };
    assert_eq!((dead.len(), letter.body()), (1, Some("bad")));
    assert_eq!(attribute("failureReason").as_deref(), Some("never and why"));
    assert_eq!(attribute("sourceQueue"), Some(queue.name.clone()));
    running.drain().await
}

#[tokio::test]
async fn one_bad_message_is_found_in_a_batch_and_hurts_nobody_else() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    let mut all = bodies(40);
    all.insert(17, "reject me".to_owned());
    all.insert(31, "panic at me".to_owned());
    queue.send(&all).await?;
    let running = start_open(&servers, &queue, |_, batch| {
        if batch.iter().any(|message| message.body == "panic at me") {
            std::panic::panic_any("on purpose");
        }
        if batch.iter().any(|message| message.body == "reject me") {
            return Err(HandlerError::Rejected("this one".into()));
        }
        done(batch)
    })
    .await?;
    seen(&running, 42).await?;
    queue.drained().await?;
    let mut dead: Vec<_> = queue.dead_letters().await?.into_iter().filter_map(|letter| letter.body).collect();
    dead.sort();
    assert_eq!(dead, ["panic at me", "reject me"]);
    running.drain().await
}

#[tokio::test]
async fn while_something_is_down_nothing_is_acknowledged_and_afterwards_all_goes_on() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    queue.send(&bodies(25)).await?;
    let running = start_open(&servers, &queue, |log, batch| {
        // An outage costs a message no receive, so it cannot end in the DLQ for it.
        assert!(batch.iter().all(|message| message.receive_count == 1), "received again");
        if log.batches().len() < 9 { Err(HandlerError::Unavailable("down".into())) } else { done(batch) }
    })
    .await?;
    queue.drained().await?;
    assert_eq!(running.log.bodies().len(), 25);
    assert_eq!(queue.dead_letters().await?.len(), 0);
    running.drain().await
}

#[tokio::test]
async fn a_batch_of_which_nothing_is_accepted_is_not_taken_for_poison() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    queue.send(&bodies(10)).await?;
    let settings = ConsumerSettings { receivers: 1, workers: 1, ..settings() };
    let running = start(&servers, &queue, settings, |log, batch| {
        // It is tried again where it is: that costs a message no receive, so it cannot end in the DLQ for it.
        assert!(batch.iter().all(|message| message.receive_count == 1), "received again");
        // Rejects until each of the ten was rejected alone twice, as a version that cannot read its tables would:
        // halving ten messages down to singles is 19 batches.
        if log.batches().len() <= 38 { Err(HandlerError::Rejected("all".into())) } else { done(batch) }
    })
    .await?;
    running.gate.cancel();
    queue.drained().await?;
    assert_eq!(queue.dead_letters().await?.len(), 0);
    running.drain().await
}

#[tokio::test]
async fn what_is_rejected_for_long_goes_back_so_that_it_holds_up_nobody() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    queue.send(&bodies(10)).await?;
    let spread = ConsumerSettings { retry_max_seconds: 8, hold_rejected_seconds: 1, ..settings() };
    let settings = ConsumerSettings { receivers: 1, workers: 1, ..spread };
    // Ten in one batch are held; they come again at times of their own, and fewer at a time are put aside.
    let running = start(&servers, &queue, settings, |_, _| Err(HandlerError::Rejected("it is these".into()))).await?;
    running.gate.cancel();
    queue.drained().await?;
    let put_aside = queue.dead_letters().await?;
    assert_eq!(put_aside.len(), 10);
    running.drain().await
}

#[tokio::test]
async fn what_a_message_alone_decides_is_settled_at_once_and_is_no_sign_that_others_can_be() -> Result<()> {
    let errors: [fn(String) -> HandlerError; 2] = [HandlerError::Rejected, HandlerError::Unavailable];
    for error in errors {
        let servers = Servers::from_env()?;
        let queue = TestQueue::create(&servers).await?;
        let mended = CancellationToken::new();
        let is_mended = mended.clone();
        let running = start(&servers, &queue, ConsumerSettings { workers: 1, ..settings() }, move |_, batch| {
            assert!(batch.iter().all(|message| message.receive_count == 1), "received again");
            let is_accepted = is_mended.is_cancelled() || batch.iter().all(|message| message.body == "before");
            if is_accepted { done(batch) } else { Err(error("everything".into())) }
        })
        .await?;
        // While the worker is held at this one, the others gather to one batch.
        queue.send(&["before".to_owned()]).await?;
        seen(&running, 1).await?;
        let mut all = bodies(20);
        all.insert(1, POISON.to_owned());
        all.insert(12, NOT_MINDED.to_owned());
        queue.send(&all).await?;
        let in_flight = async |count| {
            eventually("so many are held", || async { Ok((queue.depth().await?.in_flight == count).then_some(())) })
                .await
        };
        in_flight(23).await?;
        running.gate.cancel();
        in_flight(20).await?;
        let dead: Vec<_> = queue.dead_letters().await?.into_iter().filter_map(|letter| letter.body).collect();
        assert_eq!(dead, [POISON]);
        // Not only not yet: by now each was tried alone, and all of them again.
        eventually("they are tried again", || async { Ok((running.log.times("message 0") > 7).then_some(())) }).await?;
        mended.cancel();
        queue.drained().await?;
        assert_eq!(queue.dead_letters().await?.len(), 0, "none but the one that was taken");
        assert_eq!((running.log.times(POISON), running.log.times(NOT_MINDED)), (0, 0), "nobody else has to see them");
        running.drain().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_stop_gives_back_what_is_rejected_with_all_else() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    queue.send(&bodies(10)).await?;
    let settings = ConsumerSettings { receivers: 1, workers: 1, ..settings() };
    let running = start(&servers, &queue, settings, |log, _| {
        // The last part is not even answered.
        let error = if log.batches().len() < 19 { HandlerError::Rejected } else { HandlerError::Unavailable };
        Err(error("everything".into()))
    })
    .await?;
    seen(&running, 10).await?;
    running.stop.cancel();
    running.gate.cancel();
    running.drain().await?;
    assert_eq!(queue.dead_letters().await?.len(), 0);
    assert_eq!(queue.take_at_least(10).await?.len(), 10);
    Ok(())
}

#[tokio::test]
async fn draining_finishes_what_was_received_and_leaves_the_rest() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    queue.send(&bodies(60)).await?;
    let settings = ConsumerSettings { workers: 1, max_in_flight: 20, max_batch: 10, ..settings() };
    let running = start(&servers, &queue, settings, |_, batch| done(batch)).await?;
    eventually("some are in flight", || async { Ok((queue.depth().await?.in_flight == 20).then_some(())) }).await?;
    running.stop.cancel();
    running.gate.cancel();
    let log = running.log.clone();
    running.drain().await?;
    let handled = log.bodies().len();
    assert!((20..60).contains(&handled), "{handled}");
    assert_eq!(queue.depth().await?, Depth { visible: 60 - handled as u32, ..Depth::EMPTY });
    Ok(())
}

#[tokio::test]
async fn what_a_dropped_consumer_held_comes_again() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    queue.send(&bodies(15)).await?;
    let settings = ConsumerSettings { visibility_timeout_seconds: 2, ..settings() };
    let stuck = start(&servers, &queue, settings, |_, batch| done(batch)).await?;
    seen(&stuck, 15).await?;
    stuck.task.abort();
    let other = start_open(&servers, &queue, |_, batch| done(batch)).await?;
    seen(&other, 15).await?;
    queue.drained().await?;
    assert_eq!(queue.dead_letters().await?.len(), 0);
    other.drain().await
}

#[tokio::test]
async fn an_sns_envelope_is_opened() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    let envelope = serde_json::json!({
        "Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:eu-west-2:123450000001:t",
        "Message": "inside", "Timestamp": "2026-01-02T03:04:05.678Z",
    });
    queue.send(&[envelope.to_string(), "raw".to_owned()]).await?;
    let running = start_open(&servers, &queue, |_, batch| done(batch)).await?;
    seen(&running, 2).await?;
    assert_eq!(running.log.bodies().into_keys().collect::<Vec<_>>(), ["inside", "raw"]);
    running.drain().await
}

#[tokio::test]
async fn a_queue_that_is_missing_or_has_no_dlq_is_said_so() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    let clients = clients(&servers).await;
    let missing = Queue::find(&clients, "no-such-queue").await.err().context("an error")?;
    assert!(missing.to_string().contains("no-such-queue"), "{missing}");
    let bare = Queue::find(&clients, &format!("{}-dlq", queue.name)).await.err().context("an error")?;
    assert!(bare.to_string().contains("redrive policy"), "{bare}");
    Ok(())
}
