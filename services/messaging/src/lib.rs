//! Getting messages in and out, without losing one: an SQS [`consumer`], an SNS [`publisher`] and a transactional
//! [`outbox`] in PostgreSQL; for operators the [`dead_letters`] and, with the [`wire_tap`], what passed lately. It knows queues,
//! topics and rows; it knows no order and no courier.
//!
//! Guarantees, all of them at-least-once:
//! - a message is deleted only after its handler said [`Outcome::Done`] or its copy is in the dead-letter queue;
//! - a message that can never succeed goes to the dead-letter queue at once, with the reason, and alone;
//! - a message that is sent back from there is, to its handler, the one that it was: same id, same time;
//! - what a transaction put into the outbox is published if and only if that transaction committed.

pub mod backoff;
pub mod clients;
pub mod consumer;
pub mod dead_letters;
mod envelope;
pub mod message;
pub mod outbox;
pub mod publisher;
pub mod queue;
pub mod wire_tap;

pub use self::{
    clients::{AwsSettings, Clients},
    consumer::{Consumer, ConsumerSettings, Handler, HandlerError, Outcome},
    message::Message,
    outbox::Outbox,
    publisher::Publisher,
    queue::Queue,
    wire_tap::{PassedMessage, WireTap},
};

/// An error with all of its causes, on one line: the SDK's own texts hide the cause.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
