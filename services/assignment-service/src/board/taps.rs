//! The wire taps: what passed through queues lately, as whoever consumes them tells.

use std::collections::BTreeMap;

use lookup::MessagesError;
use messaging::{Outcome, wire_tap::PassedMessage};

use trace::TraceParent;

use super::{Board, BoardError, html::When, messages::glance};

/// A message that passed, to be shown.
#[derive(Debug)]
pub(super) struct Passed {
    /// Of its queue: no other message has it.
    pub(super) number: u64,
    pub(super) message_id: String,
    pub(super) kind: String,
    pub(super) glance: String,
    pub(super) body: String,
    pub(super) is_cut: bool,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) sent: When,
    pub(super) passed: When,
    pub(super) receive_count: u32,
    pub(super) outcome: Outcome,
    pub(super) passed_by: String,
    /// How many came after it that were not kept.
    pub(super) skipped_after: u64,
}

impl From<PassedMessage> for Passed {
    fn from(message: PassedMessage) -> Self {
        Self {
            number: message.number,
            glance: glance(&message.body),
            message_id: message.message_id,
            kind: message.kind,
            body: message.body,
            is_cut: message.is_cut,
            attributes: message.attributes,
            sent: When(message.sent_at),
            passed: When(message.passed_at),
            receive_count: message.receive_count,
            outcome: message.outcome,
            passed_by: message.passed_by,
            skipped_after: message.skipped_after,
        }
    }
}

/// The latest of a queue, the newest first: from our own tap, or from the service that consumes it.
pub(super) async fn latest(board: &Board, queue: &str, most: u32) -> Result<Vec<Passed>, BoardError> {
    let messages = if queue == board.consumed {
        board.tap.latest(queue, most).await?
    } else {
        from_others(board, queue, most).await?
    };
    Ok(messages.into_iter().map(Passed::from).collect())
}

/// From whichever of the other services consumes it: only they know which queues are theirs.
async fn from_others(board: &Board, queue: &str, most: u32) -> Result<Vec<PassedMessage>, MessagesError> {
    let [one, other] = &board.others;
    let trace = TraceParent::unrecorded();
    match tokio::join!(one.list(queue, most, trace), other.list(queue, most, trace)) {
        (Ok(messages), _) | (_, Ok(messages)) => Ok(messages),
        // One does not consume it; it may be the one that does not answer that does.
        (Err(MessagesError::UnknownQueue), Err(error)) | (Err(error), _) => Err(error),
    }
}
