//! One dead letter, read: why it is there, since when, and as what it would go back.

use aws_sdk_sqs::types::{Message as SqsMessage, MessageAttributeValue, MessageSystemAttributeName as SystemAttribute};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::{
    Message,
    message::origin,
    queue::{Attributes, FAILURE_REASON, MOST_ATTRIBUTES, SOURCE_QUEUE, importance, text_attribute},
};

const RECEIVED_TOO_OFTEN: &str = "received too often without being handled (maxReceiveCount)";
const UNDELIVERABLE: &str = "no reason given: SNS could not deliver it to the queue, or somebody put it here";

/// A message in a dead-letter queue.
#[derive(Debug, Clone)]
pub(super) struct DeadLetter {
    /// What there is to say about it.
    pub(super) summary: Summary,
    /// The queue that it says it was in.
    pub(super) source: Option<String>,
    /// All of its attributes.
    pub(super) attributes: Attributes,
    /// As its consumer would see it.
    pub(super) message: Message,
}

/// A dead letter in short.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    /// SQS's id of it in the dead-letter queue.
    pub(super) message_id: String,
    /// The queue whose dead letter it is.
    pub(super) queue: String,
    /// Why it is one.
    pub(super) reason: String,
    /// What it says it is.
    pub(super) event_type: Option<String>,
    /// When it was first sent, where that is known.
    pub(super) sent_at: Option<DateTime<Utc>>,
    /// When it became a dead letter, where that is known: not if SQS moved it by itself.
    pub(super) failed_at: Option<DateTime<Utc>>,
    /// How often it was received. Looks count, too.
    pub(super) receive_count: u32,
    /// Bytes of its body.
    pub(super) size: usize,
    /// The id by which its consumer knows it; what the consumer's log says.
    pub(super) source_message_id: String,
}

impl DeadLetter {
    /// Reads what SQS gave; `now` stands in for a time that it did not give.
    pub(super) fn read(queue: &str, received: SqsMessage, now: DateTime<Utc>) -> Self {
        let id = received.message_id.clone().unwrap_or_default();
        let attributes = received.message_attributes.clone().unwrap_or_default();
        let system = |name| received.attributes().and_then(|all| all.get(&name)).cloned();
        let entered = system(SystemAttribute::SentTimestamp).and_then(|text| text.parse().ok());
        let entered = entered.and_then(DateTime::from_timestamp_millis).unwrap_or(now);
        let moved_from = system(SystemAttribute::DeadLetterQueueSourceArn);
        let message = Message::from_sqs(received, now);

        // What SQS moves keeps the time of its sending; everything else was sent to the dead-letter queue when it failed.
        // Attributes of ours on what SQS moved are its publisher's.
        let was_moved = moved_from.is_some();
        let reason = message.attributes.get(FAILURE_REASON).filter(|_| !was_moved);
        let is_sending_known =
            was_moved || attributes.contains_key(origin::SENT_AT) || message.body != message.raw_body;
        let unexplained = if was_moved { RECEIVED_TOO_OFTEN } else { UNDELIVERABLE };
        // A publisher's own `sourceQueue` on what SNS could not deliver names nothing.
        let named = message.attributes.get(SOURCE_QUEUE).filter(|_| reason.is_some()).cloned();
        let summary = Summary {
            message_id: id,
            queue: queue.to_owned(),
            reason: reason.cloned().unwrap_or_else(|| unexplained.to_owned()),
            event_type: event_type(&message),
            sent_at: is_sending_known.then_some(message.sent_at),
            failed_at: (!was_moved).then_some(entered),
            receive_count: message.receive_count,
            size: message.raw_body.len(),
            source_message_id: message.id.clone(),
        };
        let source = moved_from.map_or(named, |arn| arn.rsplit(':').next().map(str::to_owned));
        Self { summary, source, attributes, message }
    }

    /// Its id here, or the one that its consumer knows it by: the second is what a log says.
    pub(super) fn is_called(&self, id: &str) -> bool {
        self.summary.message_id == id || self.summary.source_message_id == id
    }

    /// Bytes, as SQS counts them for a batch.
    pub(super) fn size_with_attributes(&self) -> usize {
        let value = |value: &MessageAttributeValue| {
            value.string_value().map_or(0, str::len) + value.binary_value().map_or(0, |value| value.as_ref().len())
        };
        let attributes = self.attributes.iter().map(|(name, attribute)| name.len() + value(attribute));
        self.message.raw_body.len() + attributes.sum::<usize>()
    }

    /// What it goes back with: who it was, and all that it came with as far as there is room; not why it failed.
    pub(super) fn attributes_to_go_back(&self) -> Attributes {
        let origin = origin::attributes(&self.message);
        let ours = [FAILURE_REASON, SOURCE_QUEUE, origin[0].0, origin[1].0];
        let mut own: Vec<_> = self.attributes.iter().filter(|(name, _)| !ours.contains(&name.as_str())).collect();
        own.sort_unstable_by_key(|(name, _)| importance(name));
        let own =
            own.into_iter().take(MOST_ATTRIBUTES - origin.len()).map(|(name, value)| (name.clone(), value.clone()));
        let origin = origin.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text_attribute(&value)?)));
        own.chain(origin).collect()
    }
}

/// By its attribute, else by what its body says; a body that says nothing is read by those who know events.
fn event_type(message: &Message) -> Option<String> {
    let said = || serde_json::from_str::<serde_json::Value>(&message.body).ok()?["type"].as_str().map(str::to_owned);
    message.attributes.get("eventType").cloned().or_else(said)
}

/// A time as people read it.
pub(super) fn time(time: Option<DateTime<Utc>>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Text that somebody sent, fit for a terminal: what could steer it is shown as a replacement character.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

/// The same on one line.
pub(super) fn one_line(text: &str) -> String {
    harmless(text).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTERED: &str = "2026-01-01T12:00:00Z";

    fn read(body: &str, attributes: &[(&str, &str)], moved: bool) -> DeadLetter {
        let entered = ENTERED.parse::<DateTime<Utc>>().expect("a time").timestamp_millis().to_string();
        let mut message = SqsMessage::builder().message_id("here").body(body);
        message = message.attributes(SystemAttribute::SentTimestamp, entered);
        if moved {
            message = message.attributes(SystemAttribute::DeadLetterQueueSourceArn, "arn:aws:sqs:eu-west-2:1:work");
        }
        for (name, value) in attributes {
            message = message.message_attributes(*name, text_attribute(value).expect("an attribute"));
        }
        DeadLetter::read("work", message.build(), Utc::now())
    }

    fn times(letter: &DeadLetter) -> [String; 2] {
        [time(letter.summary.sent_at), time(letter.summary.failed_at)]
    }

    #[test]
    fn each_way_to_die_is_told_from_the_others() {
        let first_sent = ("sentAt", "2026-01-01T11:00:00Z");
        let put_aside =
            [("failureReason", "not JSON"), ("sourceQueue", "work"), ("sourceMessageId", "there"), first_sent];
        let letter = read(r#"{"type":"AddOrder"}"#, &put_aside, false);
        assert_eq!((letter.summary.reason.as_str(), letter.summary.source_message_id.as_str()), ("not JSON", "there"));
        assert_eq!(times(&letter), [first_sent.1, ENTERED]);
        assert_eq!(letter.summary.event_type.as_deref(), Some("AddOrder"));
        assert!(letter.is_called("here") && letter.is_called("there") && !letter.is_called("work"));

        let letter = read("x", &[("failureReason", "not JSON")], false);
        assert_eq!(times(&letter), ["-", ENTERED]);

        let letter = read("x", &[], true);
        assert_eq!((letter.summary.reason.as_str(), letter.source.as_deref()), (RECEIVED_TOO_OFTEN, Some("work")));
        assert_eq!(times(&letter), [ENTERED, "-"]);

        let letter = read("x", &[("eventType", "AddCourier")], false);
        assert_eq!((letter.summary.reason.as_str(), letter.source.as_deref()), (UNDELIVERABLE, None));
        assert_eq!(times(&letter), ["-", ENTERED]);
        assert_eq!(letter.summary.event_type.as_deref(), Some("AddCourier"));
    }

    #[test]
    fn it_goes_back_as_what_it_was_and_without_the_reason() {
        let names: Vec<String> = (0..10).map(|number| format!("a{number}")).collect();
        let mut attributes: Vec<(&str, &str)> = names[..7].iter().map(|name| (name.as_str(), "x")).collect();
        attributes.extend([("traceparent", "t"), ("eventType", "e"), ("eventId", "i"), ("failureReason", "f")]);
        let back = read("x", &attributes, true).attributes_to_go_back();
        let mut back: Vec<&str> = back.keys().map(String::as_str).collect();
        back.sort_unstable();
        assert_eq!(
            back,
            ["a0", "a1", "a2", "a3", "a4", "eventId", "eventType", "sentAt", "sourceMessageId", "traceparent"]
        );
    }

    #[test]
    fn what_somebody_sent_does_not_steer_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2J\n\u{9b}b"), "a\u{fffd}[2J\n\u{fffd}b");
        assert_eq!(one_line("a\n\tb\r"), "a  b\u{fffd}");
    }
}
