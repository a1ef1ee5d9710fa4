//! Carries out what was decided of each message: deletes, retries, dead letters; each in batches, each entry read.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt as _, StreamExt as _, stream};

use super::{Outcome, visibility::Visibility};
use crate::{Message, Queue, backoff::Backoff, queue::BATCH};

/// Batch calls under way at a time, for each worker.
const CONCURRENT_CALLS: usize = 8;

pub(super) struct Settler {
    queue: Queue,
    visibility: Arc<Visibility>,
    backoff: Backoff,
}

impl Settler {
    pub(super) fn new(queue: Queue, visibility: Arc<Visibility>, backoff: Backoff) -> Self {
        Self { queue, visibility, backoff }
    }

    pub(super) fn queue_name(&self) -> &str {
        self.queue.name()
    }

    pub(super) async fn settle(&self, messages: &[Message], outcomes: Vec<Outcome>) {
        let mut done = Vec::new();
        let mut retries = Vec::new();
        let mut poison = Vec::new();
        for (message, outcome) in messages.iter().zip(outcomes) {
            match outcome {
                Outcome::Done => done.push(message.receipt.clone()),
                Outcome::Retry(reason) => retries.push((message, reason)),
                Outcome::Quarantine(reason) => poison.push((message, reason)),
            }
        }
        self.count("messages_processed_total", done.len());
        for (message, reason) in poison {
            if self.quarantine(message, &reason).await {
                done.push(message.receipt.clone());
            } else {
                retries.push((message, reason));
            }
        }
        self.delete(&done).await;
        // Before the retries: what is not tracked is not extended past its delay.
        for message in messages {
            self.visibility.forget(&message.receipt);
        }
        self.retry(&retries).await;
    }

    /// Whether the copy is safe in the dead-letter queue.
    async fn quarantine(&self, message: &Message, reason: &str) -> bool {
        match self.queue.send_to_dead_letters(message, reason).await {
            Ok(()) => {
                tracing::warn!(queue = self.queue.name(), message.id = message.id, reason, "quarantined");
                self.count("messages_quarantined_total", 1);
                true
            }
            Err(error) => {
                tracing::error!(queue = self.queue.name(), message.id = message.id, %error, "quarantine failed");
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
    async fn retry(&self, retries: &[(&Message, String)]) {
        for (message, reason) in retries {
            tracing::debug!(queue = self.queue.name(), message.id = message.id, reason, "retried later");
        }
        self.count("messages_retried_total", retries.len());
        let changes: Vec<(String, Duration)> = retries
            .iter()
            .map(|(message, _)| (message.receipt.clone(), self.backoff.delay(message.receive_count)))
            .collect();
        for chunk in changes.chunks(BATCH) {
            // Where this fails, the visibility timeout brings the message back.
            if let Err(error) = self.queue.change_visibility(chunk).await {
                tracing::warn!(queue = self.queue.name(), %error, "setting the retry delay failed");
            }
        }
    }

    fn count(&self, name: &'static str, messages: usize) {
        metrics::counter!(name, "queue" => self.queue.name().to_owned()).increment(messages as u64);
    }
}
