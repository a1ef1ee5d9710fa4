//! A copy of a settled message, no larger than a row may be and fit for PostgreSQL, which takes no NUL in a text.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    Message, Outcome,
    queue::{MOST_ATTRIBUTES, importance},
};

/// Most bytes of a body.
const BODY: usize = 64 * 1024;
/// Most bytes of the name of an attribute, and of a reason.
const NAME: usize = 256;
const VALUE: usize = 512;
const REASON: usize = 1_024;

/// What is kept of a message.
#[derive(Debug, Serialize)]
pub(super) struct Copy {
    message_id: String,
    kind: &'static str,
    body: String,
    size: usize,
    is_cut: bool,
    attributes: BTreeMap<String, String>,
    sent_at: DateTime<Utc>,
    passed_at: DateTime<Utc>,
    receive_count: u32,
    outcome: &'static str,
    reason: Option<String>,
}

/// A copy on its way into the table.
#[derive(Debug, Serialize)]
pub(super) struct Row<'a> {
    /// Its place among those that are written together, from 1.
    pub(super) position: i32,
    #[serde(flatten)]
    pub(super) copy: &'a Copy,
}

impl Copy {
    pub(super) fn of(message: &Message, outcome: &Outcome, now: DateTime<Utc>) -> Self {
        let mut is_cut = false;
        let mut text = |text: &str, most| {
            is_cut |= text.len() > most;
            // A replacement is longer than what it replaces.
            let mut kept = text[..text.floor_char_boundary(most)].replace('\0', "\u{fffd}");
            kept.truncate(kept.floor_char_boundary(most));
            kept
        };
        let body = text(&message.raw_body, BODY);
        let mut attributes: Vec<_> = message.attributes.iter().collect();
        attributes.sort_unstable_by_key(|(name, _)| importance(name));
        let kept = attributes.iter().take(MOST_ATTRIBUTES);
        let kept = kept.map(|(name, value)| (text(name, NAME), text(value, VALUE))).collect();
        let (outcome, reason) = match outcome {
            Outcome::Done => (super::passed_message::DONE, None),
            Outcome::Retry(reason) => (super::passed_message::RETRIED, Some(reason)),
            Outcome::Quarantine(reason) => (super::passed_message::QUARANTINED, Some(reason)),
        };
        let reason = reason.map(|reason| text(reason, REASON));
        Self {
            message_id: text(&message.id, NAME),
            kind: message.type_name,
            body,
            size: message.raw_body.len(),
            is_cut: is_cut || attributes.len() > MOST_ATTRIBUTES,
            attributes: kept,
            sent_at: message.sent_at,
            passed_at: now,
            receive_count: message.receive_count.min(i32::MAX.unsigned_abs()),
            outcome,
            reason,
        }
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, value)| name.len() + value.len());
        self.body.len() + attributes.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::Message as SqsMessage;

    use super::*;
    use crate::queue::text_attribute;

    fn copy(body: &str, attributes: &[(&str, &str)], outcome: &Outcome) -> Copy {
        let mut message = SqsMessage::builder().message_id("m").body(body);
        for (name, value) in attributes {
            message = message.message_attributes(*name, text_attribute(value).expect("an attribute"));
        }
        Copy::of(&Message::from_sqs(message.build(), Utc::now()), outcome, Utc::now())
    }

    #[test]
    fn a_copy_is_no_larger_than_a_row_may_be_and_says_when_it_is_not_all() {
        let whole = copy("x", &[("eventType", "AddOrder")], &Outcome::Done);
        assert_eq!((whole.body.as_str(), whole.size, whole.is_cut), ("x", 1, false));
        assert_eq!((whole.outcome, whole.reason), ("done", None));

        // The last character would stand across the end.
        let cut = copy(&"\u{e4}".repeat(BODY), &[], &Outcome::Retry("r".repeat(2 * REASON)));
        let one_more = copy(&format!("x{}", "\u{e4}".repeat(BODY)), &[], &Outcome::Done);
        assert_eq!((cut.body.len(), one_more.body.len(), cut.size), (BODY, BODY - 1, 2 * BODY));
        assert!(cut.is_cut && one_more.is_cut);
        assert_eq!((cut.outcome, cut.reason.map(|reason| reason.len())), ("retried", Some(REASON)));

        let long = "v".repeat(VALUE + 1);
        assert!(copy("x", &[("a", &long)], &Outcome::Done).is_cut);
        let names: Vec<String> = (0..MOST_ATTRIBUTES).map(|number| format!("a{number}")).collect();
        let mut attributes: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
        assert!(!copy("x", &attributes, &Outcome::Done).is_cut);
        attributes.push(("eventType", "AddOrder"));
        let many = copy("x", &attributes, &Outcome::Done);
        assert_eq!((many.is_cut, many.attributes.len()), (true, MOST_ATTRIBUTES));
        assert!(many.attributes.contains_key("eventType"), "what matters most is kept");
    }

    #[test]
    fn what_postgresql_takes_in_no_text_is_replaced() -> Result<(), serde_json::Error> {
        let copy = copy("a\0b", &[("n", "v\0")], &Outcome::Quarantine("\0".to_owned()));
        let json = serde_json::to_string(&Row { position: 1, copy: &copy })?;
        assert_eq!((copy.body.as_str(), json.contains("\\u0000")), ("a\u{fffd}b", false));
        assert!(self::copy(&"\0".repeat(BODY), &[], &Outcome::Done).body.len() <= BODY);
        Ok(())
    }
}
