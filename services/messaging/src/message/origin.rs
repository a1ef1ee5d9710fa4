//! Who a message was when it was first sent: two attributes that a dead letter carries, and that a redrive keeps.
//!
//! SQS gives what is sent again a new id and a new time. An event that names neither an id nor a time of its own has them
//! from its message, so without these two attributes a redriven event would be another one, and newer than it is.
//! Whoever may send messages may send these attributes, too; they gain no more by it than by an `eventId` and an
//! `occurredAt` of their choice.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::Message;

/// The attribute with the broker's id of the first sending.
pub(crate) const MESSAGE_ID: &str = "sourceMessageId";
/// The attribute with the time of the first sending, RFC 3339.
pub(crate) const SENT_AT: &str = "sentAt";

/// What these attributes say, where they say both and it can be true.
pub(super) fn of(attributes: &HashMap<String, String>) -> Option<(String, DateTime<Utc>)> {
    let id = attributes.get(MESSAGE_ID).filter(|id| is_message_id(id))?;
    let sent_at = DateTime::parse_from_rfc3339(attributes.get(SENT_AT)?).ok()?.to_utc();
    is_sending_time(sent_at).then(|| (id.clone(), sent_at))
}

/// The attributes that make a copy of this message, sent anew, the same message for its consumer.
pub(crate) fn attributes(message: &Message) -> [(&'static str, String); 2] {
    [(MESSAGE_ID, message.id.clone()), (SENT_AT, message.sent_at.to_rfc3339())]
}

/// Whether a text can be an id that SNS or SQS gave.
pub(crate) fn is_message_id(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Whether something can have been sent then. No store keeps the times that a text can say besides; a later one than now
/// is not taken at its word anyway.
pub(crate) fn is_sending_time(time: DateTime<Utc>) -> bool {
    time >= DateTime::UNIX_EPOCH
}
