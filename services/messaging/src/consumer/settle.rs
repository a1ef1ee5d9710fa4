//! Carries out what was decided of each message: deletes, retries, dead letters; each in batches, each entry read.

use std::{mem, sync::Arc, time::Duration};

use futures::{FutureExt as _, StreamExt as _, stream};

use super::{Handler, Outcome, visibility::Visibility};
use crate::{Message, Queue, backoff::Backoff, message::UNKNOWN, queue::BATCH, wire_tap::Wire};

/// Batch calls under way at a time, for each worker.
const CONCURRENT_CALLS: usize = 8;

pub(super) struct Settler {
    queue: Queue,
    visibility: Arc<Visibility>,
    backoff: Backoff,
    /// Who is shown what was settled.
    wire: Option<Arc<Wire>>,
}

impl Settler {
    pub(super) fn new(queue: Queue, visibility: Arc<Visibility>, backoff: Backoff, wire: Option<Arc<Wire>>) -> Self {
        Self { queue, visibility, backoff, wire }
    }

    pub(super) fn queue_name(&self) -> &str {
        self.queue.name()
    }

    pub(super) async fn settle<H: Handler>(&self, handler: &H, messages: &[Message], mut outcomes: Vec<Outcome>) {
        for (message, outcome) in messages.iter().zip(&mut outcomes) {
            match outcome {
                Outcome::Done => self.count("dispatch_messages_processed_total", message),
                Outcome::Quarantine(reason) if !self.quarantine(handler, message, reason).await => {
                    *outcome = Outcome::Retry(mem::take(reason));
                }
                Outcome::Quarantine(_) | Outcome::Retry(_) => {}
            }
        }
        let (mut gone, mut retries) = (Vec::new(), Vec::new());
        for (message, outcome) in messages.iter().zip(&outcomes) {
            match outcome {
                Outcome::Done | Outcome::Quarantine(_) => gone.push(message.receipt.clone()),
                Outcome::Retry(reason) => retries.push((message, reason.as_str())),
            }
        }
        self.delete(&gone).await;
        // Before the retries: what is not tracked is not extended past its delay.
        for message in messages {
            self.visibility.forget(&message.receipt);
        }
        self.retry(handler, &retries).await;
        if let Some(wire) = &self.wire {
            wire.hand_over(messages.iter().zip(&outcomes));
        }
    }

    /// Whether the copy is safe in the dead-letter queue.
    async fn quarantine<H: Handler>(&self, handler: &H, message: &Message, reason: &str) -> bool {
        let (queue, trace_id) = (self.queue.name(), handler.trace_id(message));
        match self.queue.send_to_dead_letters(message, reason).await {
            Ok(()) => {
                // A reason may quote what is in the message; the dead letter has it.
                tracing::debug!(queue, message.id = message.id, trace.id = trace_id, reason, "to be quarantined");
                let kind = message.type_name;
                tracing::warn!(queue, message.id = message.id, kind, trace.id = trace_id, "quarantined");
                self.count("dispatch_messages_quarantined_total", message);
                true
            }
            Err(error) => {
                tracing::error!(queue, message.id = message.id, trace.id = trace_id, %error, "quarantine failed");
                false
            }
        }
    }

    async fn delete(&self, receipts: &[String]) {
        let calls: Vec<_> = receipts.chunks(BATCH).map(|chunk| self.queue.delete(chunk).boxed()).collect();
        let left: usize =
            stream::iter(calls).buffer_unordered(CONCURRENT_CALLS).fold(0, |a, b| async move { a + b }).await;
        if left > 0 {
            tracing::warn!(queue = self.queue.name(), left, "not deleted; they will come again");
        }
    }

    /// Makes each message visible again after a backoff by its own receive count.
    async fn retry<H: Handler>(&self, handler: &H, retries: &[(&Message, &str)]) {
        for (message, reason) in retries {
            tracing::debug!(
                queue = self.queue.name(),
                message.id = message.id,
                trace.id = handler.trace_id(message),
                reason,
                "retried later"
            );
            self.count("dispatch_messages_retried_total", message);
        }
        let changes: Vec<(String, Duration)> = retries
            .iter()
            .map(|(message, _)| (message.receipt.clone(), self.backoff.delay(message.receive_count)))
            .collect();
        for chunk in changes.chunks(BATCH) {
            // Where this fails, the visibility timeout brings the message back.
            match self.queue.change_visibility(chunk).await {
                Ok(refused) if refused.is_empty() => {}
                Ok(refused) => {
                    tracing::debug!(queue = self.queue.name(), refused = refused.len(), "deliveries are void");
                }
                Err(error) => {
                    tracing::warn!(queue = self.queue.name(), %error, "setting the retry delay failed");
                }
            }
        }
    }

    pub(super) fn batch_size(&self, messages: usize) {
        metrics::histogram!("dispatch_message_batch_size", "queue" => self.queue.name().to_owned())
            .record(messages as f64);
    }

    /// How long a message was here, from its receipt until it was settled.
    pub(super) fn took(&self, message: &Message, time: Duration) {
        let queue = self.queue.name().to_owned();
        metrics::histogram!("dispatch_message_processing_seconds", "queue" => queue, "type" => message.type_name)
            .record(time.as_secs_f64());
    }

    fn count(&self, name: &'static str, message: &Message) {
        metrics::counter!(name, "queue" => self.queue.name().to_owned(), "type" => message.type_name).increment(1);
    }
}

/// Shows what is counted before there is any of it: whoever watches a counter sees a first message only if there was a number
/// before it.
pub(super) fn count_from_zero(queue: &str, types: &[&'static str]) {
    metrics::counter!("dispatch_message_visibility_extended_total", "queue" => queue.to_owned()).increment(0);
    for type_name in types.iter().copied().chain([UNKNOWN]) {
        for name in [
            "dispatch_messages_received_total",
            "dispatch_messages_processed_total",
            "dispatch_messages_retried_total",
            "dispatch_messages_quarantined_total",
        ] {
            metrics::counter!(name, "queue" => queue.to_owned(), "type" => type_name).increment(0);
        }
    }
}
