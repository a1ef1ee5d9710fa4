//! One queue with its dead-letter queue, as the topology defines them. Nothing here creates a queue.

mod calls;

use std::time::Duration;

use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use chrono::Utc;
use futures::{FutureExt as _, future::BoxFuture};
use serde::Deserialize;

pub(crate) use self::calls::{Attributes, Calls};
use crate::{Clients, Message, message::origin, publisher::Outgoing};

/// What SQS takes in one batch call, and gives in one receive.
pub const BATCH: usize = 10;
/// SQS's limit for the attributes of a message.
pub(crate) const MOST_ATTRIBUTES: usize = 10;
/// Of the attributes that a message came with, those that matter most where not all can be kept.
const KEPT_FIRST: [&str; 3] = ["eventId", "eventType", "traceparent"];
const MAX_REASON: usize = 512;
/// Between two looks for a queue that is not there yet.
const FIND_AGAIN: Duration = Duration::from_millis(500);

/// Why a message was put aside.
pub(crate) const FAILURE_REASON: &str = "failureReason";
/// The queue that a dead letter was in.
pub(crate) const SOURCE_QUEUE: &str = "sourceQueue";

/// A call to SQS did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("queue {queue}: {operation}: {reason}")]
pub struct QueueError {
    queue: String,
    operation: &'static str,
    reason: String,
    is_refusal: bool,
}

impl QueueError {
    /// Whether SQS answered and said no; else it is not known what happened.
    pub(crate) fn is_refusal(&self) -> bool {
        self.is_refusal
    }
}

/// How much lies in a queue, as SQS counts it: approximately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Messages that may be received now.
    pub visible: u64,
    /// Messages that were received and not deleted yet.
    pub in_flight: u64,
    /// Messages that may be received later.
    pub delayed: u64,
}

impl Depth {
    /// All messages, whoever may receive them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// A queue that exists.
#[derive(Debug, Clone)]
pub struct Queue {
    calls: Calls,
    dead_letters: Calls,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: String,
}

impl Queue {
    /// Finds the queue and, through its redrive policy, its dead-letter queue.
    ///
    /// # Errors
    /// SQS does not answer, or the queue or its redrive policy is missing: the topology was not applied.
    pub async fn find(clients: &Clients, name: &str) -> Result<Self, QueueError> {
        let calls = Calls::find(clients, name).await?;
        let attributes = calls.attributes(&[QueueAttributeName::RedrivePolicy]).await?;
        let policy = attributes.get(&QueueAttributeName::RedrivePolicy);
        let policy = policy.and_then(|text| serde_json::from_str::<RedrivePolicy>(text).ok()).ok_or_else(|| {
            calls.error("GetQueueAttributes", "it has no redrive policy; apply the topology".to_owned())
        })?;
        let dead_letters = policy.dead_letter_target_arn.rsplit(':').next().unwrap_or_default();
        Ok(Self { dead_letters: Calls::find(clients, dead_letters).await?, calls })
    }

    /// Finds the queue, waiting for it as long as `patience`: at the start of everything, services and topology come up
    /// at the same moment.
    ///
    /// # Errors
    /// Those of the last attempt of [`Queue::find`].
    pub async fn wait_for(clients: &Clients, name: &str, patience: Duration) -> Result<Self, QueueError> {
        let started = tokio::time::Instant::now();
        loop {
            match Self::find(clients, name).await {
                Err(error) if started.elapsed() < patience => {
                    tracing::warn!(queue = name, %error, "the queue is not there yet");
                    tokio::time::sleep(FIND_AGAIN).await;
                }
                found_or_late => return found_or_late,
            }
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.calls.name()
    }

    /// How much lies in the queue. SQS's numbers are approximate.
    ///
    /// # Errors
    /// SQS did not answer, or refused.
    pub async fn depth(&self) -> Result<Depth, QueueError> {
        self.calls.counts().await
    }

    /// How much lies in its dead-letter queue.
    ///
    /// # Errors
    /// SQS did not answer, or refused.
    pub async fn dead_letters_depth(&self) -> Result<Depth, QueueError> {
        self.dead_letters.counts().await
    }

    /// The calls to the queue itself.
    pub(crate) fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The calls to its dead-letter queue.
    pub(crate) fn dead_letters(&self) -> &Calls {
        &self.dead_letters
    }

    /// Whether SQS answers for this queue now.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), QueueError> {
        self.calls.attributes(&[QueueAttributeName::QueueArn]).await.map(drop)
    }

    /// Asks SQS for this queue whenever it is called; for readiness checks.
    pub fn check(&self) -> impl Fn() -> BoxFuture<'static, Result<(), QueueError>> + Send + Sync + use<> {
        let queue = self.clone();
        move || {
            let queue = queue.clone();
            async move { queue.ping().await }.boxed()
        }
    }

    /// One long poll: up to ten messages, invisible to others for `visibility`.
    ///
    /// # Errors
    /// SQS did not answer in time, or refused.
    pub async fn receive(&self, wait: Duration, visibility: Duration) -> Result<Vec<Message>, QueueError> {
        let received = self.calls.receive(BATCH, wait, visibility).await?;
        let now = Utc::now();
        Ok(received.into_iter().map(|message| Message::from_sqs(message, now)).collect())
    }

    /// Deletes up to ten deliveries; a failed entry is tried again a few times, then given up and returned counted.
    pub(crate) async fn delete(&self, receipts: &[String]) -> usize {
        self.calls.delete(receipts).await.len()
    }

    /// Sets when up to ten deliveries become visible again; returns the receipts for which SQS refused.
    pub(crate) async fn change_visibility(&self, changes: &[(String, Duration)]) -> Result<Vec<String>, QueueError> {
        self.calls.change_visibility(changes).await
    }

    /// Sends one run of [`Publisher::batches`](crate::Publisher::batches) to this queue alone, as the topics that it is for
    /// would deliver it; the answer has one entry for each message, in their order.
    pub async fn deliver(&self, batch: &[Outgoing]) -> Vec<Result<(), String>> {
        let messages: Vec<(&str, Attributes)> = batch.iter().map(|m| (m.payload.as_str(), attributes_of(m))).collect();
        match self.calls.send_batch(&messages).await {
            Ok(results) => results,
            Err(error) => vec![Err(error.to_string()); batch.len()],
        }
    }

    /// Copies a message to the dead-letter queue, with the reason; it is deleted from here separately.
    pub(crate) async fn send_to_dead_letters(&self, message: &Message, reason: &str) -> Result<(), QueueError> {
        let [id, sent_at] = origin::attributes(message);
        let ours = [
            (FAILURE_REASON, printable(reason)),
            (SOURCE_QUEUE, self.name().to_owned()),
            (id.0, printable(&id.1)),
            sent_at,
        ];
        let mut copied: Vec<_> =
            message.attributes.iter().filter(|(name, _)| ours.iter().all(|(own, _)| own != name)).collect();
        copied.sort_unstable_by_key(|(name, _)| importance(name));
        let copied = copied.into_iter().filter(|(name, _)| is_attribute_name(name)).take(MOST_ATTRIBUTES - ours.len());
        let copied = copied.map(|(name, value)| (name.as_str(), printable(value)));
        let all: Vec<(&str, String)> = ours.clone().into_iter().chain(copied).collect();
        // Whatever SQS has against the rest: the reason must get there, and what a redrive needs should.
        for attributes in [&all, &ours[..]] {
            if self.send_dead_letter(&message.raw_body, attributes).await.is_ok() {
                return Ok(());
            }
        }
        self.send_dead_letter(&message.raw_body, &ours[..1]).await
    }

    async fn send_dead_letter(&self, body: &str, attributes: &[(&str, String)]) -> Result<(), QueueError> {
        let attributes = attributes.iter().map(|(name, value)| Some(((*name).to_owned(), text_attribute(value)?)));
        let attributes = attributes.collect::<Option<Attributes>>();
        let attributes = attributes.ok_or_else(|| self.calls.error("attribute", "cannot be built".to_owned()))?;
        self.dead_letters.send(body, attributes).await
    }
}

/// Orders attributes by how much they matter where not all can be kept.
pub(crate) fn importance(name: &str) -> (bool, &str) {
    (!KEPT_FIRST.contains(&name), name)
}

fn attributes_of(message: &Outgoing) -> Attributes {
    let attribute = |(name, value): &(&'static str, String)| Some(((*name).to_owned(), text_attribute(value)?));
    message.attributes.iter().filter_map(attribute).collect()
}

/// A string attribute.
pub(crate) fn text_attribute(value: &str) -> Option<MessageAttributeValue> {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().ok()
}

fn is_attribute_name(name: &str) -> bool {
    (1..=256).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// SQS takes no control characters in attributes; a reason may quote what somebody sent.
fn printable(reason: &str) -> String {
    let clean: String = reason
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c })
        .take(MAX_REASON)
        .collect();
    if clean.trim().is_empty() { "unknown".to_owned() } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_fit_for_an_attribute() {
        assert_eq!(printable("a\nb\u{0}c\u{ffff}"), "a b c ");
        assert_eq!(printable(""), "unknown");
        assert_eq!(printable(&"x".repeat(9_999)).len(), MAX_REASON);
    }
}
