//! Dead letters, as an operator deals with them, on the real SQS.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, Result};
use aws_sdk_sqs::types::{
    Message as SqsMessage, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
};
use messaging::{Message, Outcome, dead_letters::Ended};
use serde_json::Value;
use test_support::{Servers, TestQueue, eventually};
use tokio_util::sync::CancellationToken;

use crate::{
    harness::{Running, start_open},
    operator::{dead, dies, dies_of_receives, dlq, dlq_at, undisturbed},
};

/// All that a consumer was given.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Message>>>);

impl Seen {
    fn all(&self) -> Vec<Message> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn count(&self, count: usize) -> Result<Vec<Message>> {
        let what = format!("{count} messages are handled");
        eventually(&what, || async { Ok(Some(self.all()).filter(|all| all.len() >= count)) }).await
    }
}

/// A consumer for which everything ends like this.
async fn consume(servers: &Servers, queue: &TestQueue, outcome: Outcome) -> Result<(Running, Seen)> {
    let seen = Seen::default();
    let log = seen.clone();
    let running = start_open(servers, queue, move |_, batch| {
        log.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(batch);
        Ok(vec![outcome.clone(); batch.len()])
    });
    Ok((running.await?, seen))
}

/// Sends these, with attributes, to a consumer that puts all of them aside; answers what it saw.
async fn put_aside(servers: &Servers, queue: &TestQueue, bodies: &[&str]) -> Result<Vec<Message>> {
    for body in bodies {
        let mut call = queue.sqs.send_message().queue_url(&queue.url).message_body(*body);
        for (name, value) in [("eventType", "Test"), ("eventId", "e"), ("traceparent", TRACE)] {
            call = call.message_attributes(name, text(value)?);
        }
        call.send().await?;
    }
    let before = dead(queue).await?.visible;
    let (consumer, seen) = consume(servers, queue, Outcome::Quarantine("never\nand why".to_owned())).await?;
    dies(queue, before + u32::try_from(bodies.len())?).await?;
    queue.drained().await?;
    consumer.drain().await?;
    Ok(seen.all())
}

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn text(value: &str) -> Result<MessageAttributeValue> {
    Ok(MessageAttributeValue::builder().data_type("String").string_value(value).build()?)
}

/// Ids and times, by body.
fn identities(messages: &[Message]) -> HashMap<String, (String, String)> {
    messages.iter().map(|m| (m.body.clone(), (m.id.clone(), m.sent_at.to_rfc3339()))).collect()
}

/// Ids of dead letters, as `list` has them.
async fn listed(servers: &Servers, queue: &TestQueue) -> Result<Vec<String>> {
    let listed = dlq(servers, &[queue], &["list", "--json"]).await?.json()?;
    listed.iter().map(|letter| Ok(letter["messageId"].as_str().context("no id")?.to_owned())).collect()
}

fn by_size(mut letters: Vec<Value>) -> Vec<Value> {
    letters.sort_by_key(|letter| letter["size"].as_u64());
    letters
}

#[tokio::test]
async fn a_list_tells_why_and_disturbs_nothing() -> Result<()> {
    let servers = Servers::from_env()?;
    let (first, second) = (TestQueue::create(&servers).await?, TestQueue::create(&servers).await?);
    let seen = put_aside(&servers, &first, &["bad"]).await?.pop().context("seen")?;
    let moved = dies_of_receives(&first, r#"{"type":"Heavy"}"#).await?;
    second.sqs.send_message().queue_url(&second.dlq_url).message_body("by hand").send().await?;
    let queues = [&first, &second];

    let said = dlq(&servers, &queues, &["list", "--json"]).await?;
    assert_eq!((dead(&first).await?, dead(&second).await?), (undisturbed(2), undisturbed(1)));
    assert_eq!((said.ended, said.notes.as_str()), (Ended::Well, ""));
    let [bad, by_hand, heavy] = by_size(said.json()?).try_into().ok().context("three")?;
    assert_eq!((&bad["reason"], &bad["eventType"]), (&"never and why".into(), &"Test".into()));
    assert_eq!((&bad["queue"], &bad["sourceMessageId"]), (&first.name.as_str().into(), &seen.id.as_str().into()));
    assert_eq!(bad["sentAt"].as_str().context("sent")?.parse::<chrono::DateTime<chrono::Utc>>()?, seen.sent_at);
    assert!(bad["failedAt"].is_string() && bad["receiveCount"] == 1, "{bad}");
    assert!(heavy["reason"].as_str().is_some_and(|reason| reason.starts_with("received too often")), "{heavy}");
    assert_eq!((&heavy["eventType"], heavy["messageId"].as_str()), (&"Heavy".into(), moved.message_id()));
    assert!(heavy["sentAt"].is_string() && heavy["failedAt"].is_null(), "{heavy}");
    assert!(by_hand["reason"].as_str().is_some_and(|reason| reason.starts_with("no reason given")), "{by_hand}");

    let only = dlq(&servers, &queues, &["list", "--queue", &format!("{}-dlq", second.name)]).await?;
    let lines: Vec<&str> = only.results.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("MESSAGE ID") && lines[1].contains(&second.name), "{lines:?}");
    Ok(())
}

#[tokio::test]
async fn a_list_is_bounded_and_gives_back_what_it_saw_when_it_is_interrupted() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    for number in 0..15 {
        queue.sqs.send_message().queue_url(&queue.dlq_url).message_body(number.to_string()).send().await?;
    }
    let said = dlq(&servers, &[&queue], &["list", "--json", "--limit", "12"]).await?;
    assert_eq!((said.json()?.len(), dead(&queue).await?), (12, undisturbed(15)));
    assert!(said.notes.contains("--limit 12"), "{}", said.notes);
    let stop = CancellationToken::new();
    stop.cancel();
    let said = dlq_at(&servers, &[&queue], &["list"], None, &stop).await?;
    assert!(said.ended == Ended::Incomplete && said.notes.contains("interrupted"), "{said:?}");
    assert_eq!(dead(&queue).await?, undisturbed(15));
    Ok(())
}

#[tokio::test]
async fn one_is_shown_with_everything() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    let body = format!("bad \u{9b}2J {}", "x".repeat(3_000));
    let seen = put_aside(&servers, &queue, &[&body, "other"]).await?;
    let of_log = &seen.iter().find(|message| message.body == body).context("seen")?.id;
    let json = dlq(&servers, &[&queue], &["show", of_log, "--json"]).await?.json()?.pop().context("shown")?;
    assert_eq!((json["body"].as_str(), &json["attributes"]["eventId"]), (Some(body.as_str()), &"e".into()));
    let id = json["messageId"].as_str().context("an id")?;
    let shown = dlq(&servers, &[&queue], &["show", id]).await?;
    assert_eq!((shown.ended, dead(&queue).await?), (Ended::Well, undisturbed(2)));
    for part in ["never and why", TRACE, of_log, &body.replace('\u{9b}', "\u{fffd}")] {
        assert!(shown.results.contains(part), "{part}: {}", shown.results);
    }
    let none = dlq(&servers, &[&queue], &["show", "nobody"]).await?;
    assert_eq!((none.ended, none.results.as_str()), (Ended::Incomplete, ""));
    assert!(none.notes.contains("nobody") && none.notes.contains(&queue.name), "{}", none.notes);
    Ok(())
}

#[tokio::test]
async fn a_redrive_brings_back_the_message_that_it_was() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    let before = identities(&put_aside(&servers, &queue, &["a", "b", "c"]).await?);
    let moved: SqsMessage = dies_of_receives(&queue, "moved").await?;

    let one = &listed(&servers, &queue).await?[0];
    let said = dlq(&servers, &[&queue], &["redrive", one]).await?;
    assert_eq!((said.ended, said.results), (Ended::Well, format!("{}: 1 redriven, 0 failed\n", queue.name)));
    assert_eq!(dead(&queue).await?, undisturbed(3));
    let said = dlq(&servers, &[&queue], &["redrive", "--all"]).await?;
    assert_eq!((said.ended, said.results), (Ended::Well, format!("{}: 3 redriven, 0 failed\n", queue.name)));
    assert_eq!(dead(&queue).await?, undisturbed(0));

    let (consumer, seen) = consume(&servers, &queue, Outcome::Done).await?;
    let seen = seen.count(4).await?;
    let mut after = identities(&seen);
    let (id, sent_at) = after.remove("moved").context("moved")?;
    let system = moved.attributes().context("system attributes")?;
    let sent: i64 = system[&MessageSystemAttributeName::SentTimestamp].parse()?;
    let sent = chrono::DateTime::from_timestamp_millis(sent).context("a time")?;
    assert_eq!((Some(id.as_str()), sent_at), (moved.message_id(), sent.to_rfc3339()));
    assert_eq!(after, before);
    for message in seen.iter().filter(|message| message.body != "moved") {
        assert_eq!((message.attributes["eventId"].as_str(), message.trace), ("e", TRACE.parse().ok()));
        assert!(!message.attributes.contains_key("failureReason") && !message.attributes.contains_key("sourceQueue"));
    }
    queue.drained().await?;
    consumer.drain().await
}

#[tokio::test]
async fn a_redrive_may_be_repeated_and_cut_off_between_sending_and_deleting() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    put_aside(&servers, &queue, &["a"]).await?;
    let id = listed(&servers, &queue).await?.pop().context("an id")?;
    // As if the process had died before it deleted: the dead letter is sent, and is still there.
    let letter = queue.dead_letters().await?.pop().context("a letter")?;
    let again = queue.sqs.send_message().queue_url(&queue.dlq_url).message_body("a");
    again.set_message_attributes(letter.message_attributes).send().await?;
    let receipt = letter.receipt_handle.context("a receipt")?;
    let shown = queue.sqs.change_message_visibility().queue_url(&queue.dlq_url).receipt_handle(receipt);
    shown.visibility_timeout(0).send().await?;

    assert_eq!(dlq(&servers, &[&queue], &["redrive", &id]).await?.ended, Ended::Well);
    let repeated = dlq(&servers, &[&queue], &["redrive", &id]).await?;
    assert!(repeated.ended == Ended::Incomplete && repeated.notes.contains("redriven already"), "{repeated:?}");
    assert_eq!(dlq(&servers, &[&queue], &["redrive", "--all"]).await?.ended, Ended::Well);
    let nothing = dlq(&servers, &[&queue], &["redrive", "--all"]).await?;
    assert_eq!((nothing.ended, nothing.results), (Ended::Well, format!("{}: 0 redriven, 0 failed\n", queue.name)));

    let (consumer, seen) = consume(&servers, &queue, Outcome::Done).await?;
    let seen = seen.count(2).await?;
    assert_eq!((&seen[0].id, seen[0].sent_at), (&seen[1].id, seen[1].sent_at), "to its consumer it is a redelivery");
    consumer.drain().await
}

#[tokio::test]
async fn poison_that_is_redriven_dies_again_and_does_not_go_round() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    let bodies: Vec<String> = (0..25).map(|number| format!("poison {number}")).collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let before = identities(&put_aside(&servers, &queue, &bodies).await?);
    let (consumer, seen) = consume(&servers, &queue, Outcome::Quarantine("still".to_owned())).await?;
    let said = dlq(&servers, &[&queue], &["redrive", "--all"]).await?;
    assert!(said.ended == Ended::Well && said.results.contains("25 redriven, 0 failed"), "{said:?}");
    dies(&queue, 25).await?;
    let seen = seen.all();
    assert_eq!((seen.len(), identities(&seen)), (25, before));
    consumer.drain().await
}

#[tokio::test]
async fn what_came_from_elsewhere_is_not_sent_here() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    let call = queue.sqs.send_message().queue_url(&queue.dlq_url).message_body("astray");
    let call = call.message_attributes("failureReason", text("it is bad")?);
    call.message_attributes("sourceQueue", text("elsewhere")?).send().await?;
    // Not put aside by a service, so the attribute is its publisher's own.
    let call = queue.sqs.send_message().queue_url(&queue.dlq_url).message_body("ours");
    call.message_attributes("sourceQueue", text("nowhere")?).send().await?;
    let said = dlq(&servers, &[&queue], &["redrive", "--all"]).await?;
    assert!(said.ended == Ended::Incomplete && said.results.contains("1 redriven, 1 failed"), "{said:?}");
    assert!(said.notes.contains("--queue elsewhere"), "{}", said.notes);
    assert_eq!(dead(&queue).await?, undisturbed(1));
    Ok(())
}

#[tokio::test]
async fn what_sqs_does_not_take_back_stays_and_the_others_go() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    for body in ["a".repeat(3_000), "small".to_owned(), "b".repeat(2_000)] {
        queue.sqs.send_message().queue_url(&queue.dlq_url).message_body(body).send().await?;
    }
    let change = queue.sqs.set_queue_attributes().queue_url(&queue.url);
    change.attributes(QueueAttributeName::MaximumMessageSize, "1024").send().await?;
    let said = dlq(&servers, &[&queue], &["redrive", "--all"]).await?;
    assert!(said.ended == Ended::Incomplete && said.results.contains("1 redriven, 2 failed"), "{said:?}");
    assert_eq!((said.notes.lines().count(), dead(&queue).await?), (2, undisturbed(2)), "{}", said.notes);
    assert_eq!(queue.take_at_least(1).await?[0].body(), Some("small"));
    Ok(())
}

#[tokio::test]
async fn a_purge_asks() -> Result<()> {
    let servers = Servers::from_env()?;
    let queue = TestQueue::create(&servers).await?;
    let stop = CancellationToken::new();
    let fill = || queue.sqs.send_message().queue_url(&queue.dlq_url).message_body("bad").send();
    fill().await?;
    let refused = dlq(&servers, &[&queue], &["purge"]).await?;
    assert!(refused.ended == Ended::Refused && refused.notes.contains("--yes"), "{refused:?}");
    for typed in ["", "no\n", "\n", "yes please\n"] {
        let said = dlq_at(&servers, &[&queue], &["purge"], Some(typed), &stop).await?;
        assert!(said.ended == Ended::Refused && said.results.contains("not purged"), "{typed:?}: {said:?}");
        assert!(said.notes.contains(&queue.name) && said.notes.contains("1 dead letter"), "{}", said.notes);
    }
    assert_eq!(dead(&queue).await?, undisturbed(1));
    for typed in ["yes\n".to_owned(), format!("{}\n", queue.name)] {
        let said = dlq_at(&servers, &[&queue], &["purge"], Some(&typed), &stop).await?;
        assert_eq!((said.ended, dead(&queue).await?), (Ended::Well, undisturbed(0)), "{typed:?}: {said:?}");
        fill().await?;
    }
    assert_eq!(dlq(&servers, &[&queue], &["purge", "--yes"]).await?.ended, Ended::Well);
    assert_eq!(dead(&queue).await?, undisturbed(0));
    Ok(())
}
