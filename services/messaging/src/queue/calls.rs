//! The calls to one SQS queue. Of each batch call every entry's answer is read.

use std::{collections::HashMap, time::Duration};

use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
    Message as SqsMessage, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};

use super::Depth;
use super::QueueError;
use crate::{Clients, describe};

/// A delete that failed may be repeated; past that the message comes again, which its handler stands.
const DELETE_ATTEMPTS: u32 = 3;

/// The attributes of a message, as SQS takes and gives them.
pub(crate) type Attributes = HashMap<String, MessageAttributeValue>;

/// A queue that exists.
#[derive(Debug, Clone)]
pub(crate) struct Calls {
    name: String,
    url: String,
    clients: Clients,
}

impl Calls {
    pub(crate) async fn find(clients: &Clients, name: &str) -> Result<Self, QueueError> {
        let error = |reason| QueueError { queue: name.to_owned(), operation: "GetQueueUrl", reason, is_refusal: false };
        let found = clients.sqs.get_queue_url().queue_name(name).send().await.map_err(|e| error(describe(&e)))?;
        let url = found.queue_url.ok_or_else(|| error("no URL in the answer".to_owned()))?;
        Ok(Self { name: name.to_owned(), url, clients: clients.clone() })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Attributes of the queue, by name.
    pub(crate) async fn attributes(
        &self,
        names: &[QueueAttributeName],
    ) -> Result<HashMap<QueueAttributeName, String>, QueueError> {
        let call = self.clients.sqs.get_queue_attributes().queue_url(&self.url);
        let answer = call.set_attribute_names(Some(names.to_vec())).send().await;
        let answer = answer.map_err(|e| self.error("GetQueueAttributes", describe(&e)))?;
        Ok(answer.attributes.unwrap_or_default())
    }

    /// One long poll for up to `most` messages, of ten that SQS gives; they are invisible to others for `visibility`.
    pub(crate) async fn receive(
        &self,
        most: usize,
        wait: Duration,
        visibility: Duration,
    ) -> Result<Vec<SqsMessage>, QueueError> {
        let call = self.clients.receive.receive_message().queue_url(&self.url);
        let received = call
            .max_number_of_messages(i32::try_from(most.min(super::BATCH)).unwrap_or(1))
            .wait_time_seconds(seconds(wait))
            .visibility_timeout(seconds(visibility))
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .map_err(|e| self.error("ReceiveMessage", describe(&e)))?;
        Ok(received.messages.unwrap_or_default())
    }

    /// Deletes up to ten deliveries; a failed entry is tried again a few times, then given up and its receipt returned.
    pub(crate) async fn delete(&self, receipts: &[String]) -> Vec<String> {
        let mut left: Vec<&String> = receipts.iter().collect();
        for _ in 0..DELETE_ATTEMPTS {
            if left.is_empty() {
                break;
            }
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
        }
        left.into_iter().cloned().collect()
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

    pub(crate) async fn send(&self, body: &str, attributes: Attributes) -> Result<(), QueueError> {
        let call = self.clients.sqs.send_message().queue_url(&self.url).message_body(body);
        let sent = call.set_message_attributes(Some(attributes)).send().await;
        sent.map(|_| ()).map_err(|e| self.error("SendMessage", describe(&e)))
    }

    /// Sends up to ten messages; one answer for each, in their order. Only what SQS lists as successful was sent.
    pub(crate) async fn send_batch(
        &self,
        messages: &[(&str, Attributes)],
    ) -> Result<Vec<Result<(), String>>, QueueError> {
        let entries = messages.iter().enumerate().map(|(position, (body, attributes))| {
            let entry = SendMessageBatchRequestEntry::builder().id(position.to_string()).message_body(*body);
            entry.set_message_attributes(Some(attributes.clone())).build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>().map_err(|e| self.error("entry", e.to_string()))?;
        let call = self.clients.sqs.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = call.send().await.map_err(|e| {
            let is_refusal = e.as_service_error().is_some();
            QueueError { is_refusal, ..self.error("SendMessageBatch", describe(&e)) }
        })?;
        let mut results = vec![Err("no answer for this entry".to_owned()); messages.len()];
        let position = |id: &str| id.parse::<usize>().ok();
        for failure in answer.failed() {
            if let Some(result) = position(failure.id()).and_then(|p| results.get_mut(p)) {
                *result = Err(format!("{}: {}", failure.code(), failure.message().unwrap_or_default()));
            }
        }
        for success in answer.successful() {
            if let Some(result) = position(success.id()).and_then(|p| results.get_mut(p)) {
                *result = Ok(());
            }
        }
        Ok(results)
    }

    /// How many messages there are: visible, in somebody's hands, and delayed. SQS counts approximately.
    pub(crate) async fn depth(&self) -> Result<u64, QueueError> {
        Ok(self.counts().await?.total())
    }

    pub(crate) async fn counts(&self) -> Result<Depth, QueueError> {
        let [visible, in_flight, delayed] = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let answer = self.attributes(&[visible.clone(), in_flight.clone(), delayed.clone()]).await?;
        let count = |name| answer.get(&name).and_then(|count| count.parse().ok()).unwrap_or(0);
        Ok(Depth { visible: count(visible), in_flight: count(in_flight), delayed: count(delayed) })
    }

    /// Deletes everything in the queue.
    pub(crate) async fn purge(&self) -> Result<(), QueueError> {
        let purged = self.clients.sqs.purge_queue().queue_url(&self.url).send().await;
        purged.map(|_| ()).map_err(|e| self.error("PurgeQueue", describe(&e)))
    }

    pub(crate) fn error(&self, operation: &'static str, reason: String) -> QueueError {
        QueueError { queue: self.name.clone(), operation, reason, is_refusal: false }
    }
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
}
