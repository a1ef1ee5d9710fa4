//! The wire between one consumer and the tap: holds what was handed over until the next write, as far as there is room.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::Utc;
use tokio::sync::Notify;

use super::copy::Copy;
use crate::{Message, Outcome};

/// How many messages are kept from one write to the next.
pub const MOST_KEPT: usize = 50;
/// How many bytes of them, about.
const MOST_BYTES: usize = 512 * 1024;

/// Where the consumer of one queue hands over what it settled.
#[derive(Debug)]
pub(crate) struct Wire {
    queue: String,
    held: Mutex<Held>,
    woken: Arc<Notify>,
}

/// What is to be written.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) copies: Vec<Copy>,
    bytes: usize,
    /// How many passed before these and were not written.
    pub(super) skipped_before: i64,
    /// How many passed after these, when there was no more room.
    pub(super) skipped_after: i64,
}

impl Wire {
    pub(super) fn new(queue: &str, woken: Arc<Notify>) -> Self {
        count(queue, true, 0);
        count(queue, false, 0);
        Self { queue: queue.to_owned(), held: Mutex::default(), woken }
    }

    pub(super) fn queue(&self) -> &str {
        &self.queue
    }

    /// Keeps what there is room for. It waits for nothing but the copying of another batch, and that is bounded.
    pub(crate) fn hand_over<'a>(&self, settled: impl IntoIterator<Item = (&'a Message, &'a Outcome)>) {
        let now = Utc::now();
        let mut held = self.lock();
        let had_none = held.copies.is_empty();
        for (message, outcome) in settled {
            if held.has_room() {
                let copy = Copy::of(message, outcome, now);
                held.bytes += copy.bytes();
                held.copies.push(copy);
            } else {
                held.skipped_after += 1;
            }
        }
        if had_none && !held.copies.is_empty() {
            self.woken.notify_one();
        }
    }

    /// What is held, and room for more; nothing if there is nothing.
    pub(super) fn take(&self) -> Option<Held> {
        let mut held = self.lock();
        (!held.copies.is_empty()).then(|| mem::take(&mut *held))
    }

    /// Counts what was taken, by whether it was written. What was not has passed unseen.
    pub(super) fn written(&self, taken: &Held, is_written: bool) {
        let kept = taken.copies.len() as i64;
        count(&self.queue, is_written, kept);
        count(&self.queue, false, taken.skipped_after);
        if !is_written {
            self.lock().skipped_before += taken.skipped_before + kept + taken.skipped_after;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn has_room(&self) -> bool {
        self.copies.len() < MOST_KEPT && self.bytes < MOST_BYTES
    }
}

fn count(queue: &str, is_kept: bool, messages: i64) {
    let kept = if is_kept { "true" } else { "false" };
    metrics::counter!("dispatch_tapped_messages_total", "queue" => queue.to_owned(), "kept" => kept)
        .increment(messages.unsigned_abs());
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::Message as SqsMessage;

    use super::*;

    fn messages(count: usize, bytes: usize) -> Vec<Message> {
        let message = || SqsMessage::builder().message_id("m").body("x".repeat(bytes)).build();
        (0..count).map(|_| Message::from_sqs(message(), Utc::now())).collect()
    }

    fn taken(wire: &Wire) -> (Held, [i64; 3]) {
        let held = wire.take().expect("something");
        let counts = [held.skipped_before, held.copies.len() as i64, held.skipped_after];
        (held, counts)
    }

    #[test]
    fn there_is_room_for_some_and_the_others_are_counted() {
        let wire = Wire::new("q", Arc::default());
        assert!(wire.take().is_none());
        let hand_over =
            |count, bytes| wire.hand_over(messages(count, bytes).iter().map(|message| (message, &Outcome::Done)));
        hand_over(30, 1);
        hand_over(30, 1);
        let (held, counts) = taken(&wire);
        assert_eq!(counts, [0, 50, 10]);
        assert!(wire.take().is_none(), "taken once");

        wire.written(&held, false);
        assert!(wire.take().is_none(), "what was not written is not tried again");
        hand_over(12, 64 * 1024);
        let (held, counts) = taken(&wire);
        assert_eq!(counts, [60, 8, 4], "of large ones there is room for fewer");

        wire.written(&held, true);
        hand_over(1, 1);
        assert_eq!(taken(&wire).1, [0, 1, 0]);
    }
}
