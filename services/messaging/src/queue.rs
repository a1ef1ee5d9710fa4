//! One queue with its dead-letter queue, as the topology defines them. Nothing here creates a queue.

use std::time::Duration;

use aws_sdk_sqs::{
    Client,
    types::{
        BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
        MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
    },
};
use chrono::Utc;
use futures::{FutureExt as _, future::BoxFuture};
use serde::Deserialize;

use crate::{Clients, Message, describe};

/// What SQS takes in one batch call, and gives in one receive.
pub const BATCH: usize = 10;
/// A delete that failed may be repeated; past that the message comes again, which its handler stands.
const DELETE_ATTEMPTS: u32 = 3;
/// SQS's limit for the attributes of a message is ten; four are ours.
const COPIED_ATTRIBUTES: usize = 6;
const MAX_REASON: usize = 512;
/// Between two looks for a queue that is not there yet.
const FIND_AGAIN: Duration = Duration::from_millis(500);

/// A call to SQS did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("queue {queue}: {operation}: {reason}")]
pub struct QueueError {
    queue: String,
    operation: &'static str,
    reason: String,
}

/// A queue that exists.
#[derive(Debug, Clone)]
pub struct Queue {
    name: String,
    url: String,
    dead_letter_url: String,
    clients: Clients,
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
        let error = |operation, reason| QueueError { queue: name.to_owned(), operation, reason };
        let url = url_of(&clients.sqs, name).await.map_err(|reason| error("GetQueueUrl", reason))?;
        let attributes = clients
            .sqs
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::RedrivePolicy)
            .send()
            .await
            .map_err(|e| error("GetQueueAttributes", describe(&e)))?;
        let policy = attributes
            .attributes()
            .and_then(|all| all.get(&QueueAttributeName::RedrivePolicy))
            .and_then(|text| serde_json::from_str::<RedrivePolicy>(text).ok())
            .ok_or_else(|| error("GetQueueAttributes", "it has no redrive policy; apply the topology".to_owned()))?;
        let dead_letter_name = policy.dead_letter_target_arn.rsplit(':').next().unwrap_or_default();
        let dead_letter_url =
            url_of(&clients.sqs, dead_letter_name).await.map_err(|reason| error("GetQueueUrl of its DLQ", reason))?;
        Ok(Self { name: name.to_owned(), url, dead_letter_url, clients: clients.clone() })
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
        &self.name
    }

    /// Whether SQS answers for this queue now.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), QueueError> {
        let asked = self.clients.sqs.get_queue_attributes().queue_url(&self.url);
        let asked = asked.attribute_names(QueueAttributeName::QueueArn).send().await;
        asked.map(|_| ()).map_err(|e| self.error("GetQueueAttributes", describe(&e)))
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
        let received = self
            .clients
            .receive
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .wait_time_seconds(seconds(wait))
            .visibility_timeout(seconds(visibility))
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .map_err(|e| self.error("ReceiveMessage", describe(&e)))?;
        let now = Utc::now();
        Ok(received.messages.unwrap_or_default().into_iter().map(|m| Message::from_sqs(m, now)).collect())
    }

    /// Deletes up to ten deliveries; a failed entry is tried again a few times, then given up and returned counted.
    pub(crate) async fn delete(&self, receipts: &[String]) -> usize {
        let mut left: Vec<&String> = receipts.iter().collect();
        for _ in 0..DELETE_ATTEMPTS {
            let entries = left.iter().enumerate().map(|(position, receipt)| {
                let entry = DeleteMessageBatchRequestEntry::builder().id(position.to_string());
                entry.receipt_handle(*receipt).build()
            });
            let Ok(entries) = entries.collect::<Result<Vec<_>, _>>() else { break };
            let sent = self.clients.sqs.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
            match sent.send().await {
                Ok(answer) => {
                    left = failed(answer.failed(), &left, |entry| {
                        // The receipt is void: somebody else has the message by now, so nothing is left to delete.
                        !entry.sender_fault()
                    });
                }
                Err(error) => tracing::warn!(queue = self.name, error = describe(&error), "deleting failed"),
            }
            if left.is_empty() {
                break;
            }
        }
        left.len()
    }

    /// Sets when up to ten deliveries become visible again; returns the receipts for which SQS refused.
    pub(crate) async fn change_visibility(&self, changes: &[(String, Duration)]) -> Result<Vec<String>, QueueError> {
        let entries = changes.iter().enumerate().map(|(position, (receipt, delay))| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(position.to_string());
            entry.receipt_handle(receipt).visibility_timeout(seconds(*delay)).build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>().map_err(|e| self.error("visibility", e.to_string()))?;
        let call = self.clients.sqs.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = call.send().await.map_err(|e| self.error("ChangeMessageVisibilityBatch", describe(&e)))?;
        let receipts: Vec<&String> = changes.iter().map(|(receipt, _)| receipt).collect();
        Ok(failed(answer.failed(), &receipts, |_| true).into_iter().cloned().collect())
    }

    /// Copies a message to the dead-letter queue, with the reason; it is deleted from here separately.
    pub(crate) async fn send_to_dead_letters(&self, message: &Message, reason: &str) -> Result<(), QueueError> {
        let ours = [
            ("failureReason", printable(reason)),
            ("sourceQueue", self.name.clone()),
            ("sourceMessageId", printable(&message.id)),
            ("sentAt", message.sent_at.to_rfc3339()),
        ];
        let copied = message.attributes.iter().filter(|(name, _)| ours.iter().all(|(own, _)| own != name));
        let copied = copied.filter(|(name, _)| is_attribute_name(name)).take(COPIED_ATTRIBUTES);
        let copied = copied.map(|(name, value)| (name.as_str(), printable(value)));
        let all: Vec<(&str, String)> = ours.clone().into_iter().chain(copied).collect();
        match self.send_dead_letter(&message.raw_body, &all).await {
            // Whatever SQS has against the rest: the reason must get there.
            Err(_) => self.send_dead_letter(&message.raw_body, &ours[..1]).await,
            sent => sent,
        }
    }

    async fn send_dead_letter(&self, body: &str, attributes: &[(&str, String)]) -> Result<(), QueueError> {
        let mut call = self.clients.sqs.send_message().queue_url(&self.dead_letter_url).message_body(body);
        for (name, value) in attributes {
            let attribute = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            call = call.message_attributes(*name, attribute.map_err(|e| self.error("attribute", e.to_string()))?);
        }
        call.send().await.map(|_| ()).map_err(|e| self.error("SendMessage to its DLQ", describe(&e)))
    }

    fn error(&self, operation: &'static str, reason: String) -> QueueError {
        QueueError { queue: self.name.clone(), operation, reason }
    }
}

async fn url_of(sqs: &Client, name: &str) -> Result<String, String> {
    let found = sqs.get_queue_url().queue_name(name).send().await.map_err(|e| describe(&e))?;
    found.queue_url.ok_or_else(|| "no URL in the answer".to_owned())
}

/// The items whose entries failed, of those failures that `counts` takes. Entry ids are positions.
fn failed<'a, T>(
    entries: &[BatchResultErrorEntry],
    items: &[&'a T],
    counts: impl Fn(&BatchResultErrorEntry) -> bool,
) -> Vec<&'a T> {
    let positions = entries.iter().filter(|entry| counts(entry)).filter_map(|entry| entry.id().parse::<usize>().ok());
    positions.filter_map(|position| items.get(position).copied()).collect()
}

fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs_f64().ceil() as i64).unwrap_or(i32::MAX)
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

    fn refused(id: &str, sender_fault: bool) -> BatchResultErrorEntry {
        let entry = BatchResultErrorEntry::builder().id(id).sender_fault(sender_fault).code("x");
        entry.build().expect("complete")
    }

    #[test]
    fn of_a_batch_only_the_entries_that_failed_are_left() {
        let items = ["a", "b", "c", "d"];
        let items: Vec<&&str> = items.iter().collect();
        let answer = [refused("3", false), refused("1", true), refused("9", false), refused("x", false)];
        assert_eq!(failed(&answer, &items, |_| true), [&"d", &"b"]);
        assert_eq!(failed(&answer, &items, |entry| !entry.sender_fault()), [&"d"]);
        assert!(failed(&[], &items, |_| true).is_empty());
    }

    #[test]
    fn a_reason_is_fit_for_an_attribute() {
        assert_eq!(printable("a\nb\u{0}c\u{ffff}"), "a b c ");
        assert_eq!(printable(""), "unknown");
        assert_eq!(printable(&"x".repeat(9_999)).len(), MAX_REASON);
    }
}
