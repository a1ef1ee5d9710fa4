//! A message as a handler sees it, with or without the SNS envelope around it, and also after it was redriven.

pub(crate) mod origin;

use std::collections::HashMap;

use aws_sdk_sqs::types::{Message as SqsMessage, MessageSystemAttributeName as SystemAttribute};
use chrono::{DateTime, Utc};

use trace::TraceParent;

use crate::envelope::Envelope;

/// The type of a message that tells none.
pub const UNKNOWN: &str = "unknown";

/// One received message.
#[derive(Debug, Clone)]
pub struct Message {
    /// The broker's id: SNS's where there is an envelope, else SQS's. The same in each redelivery, and after a redrive.
    pub id: String,
    /// The payload, without envelope.
    pub body: String,
    /// When it was first sent: the envelope's time, else when it entered the queue.
    pub sent_at: DateTime<Utc>,
    /// Its string attributes, by name.
    pub attributes: HashMap<String, String>,
    /// Its publisher's place in a trace, where it said one.
    pub trace: Option<TraceParent>,
    /// Its type, as [`Handler::type_name`](crate::Handler::type_name) tells it.
    pub type_name: &'static str,
    /// How often it was received, this time included; at least 1.
    pub receive_count: u32,
    /// The body as it lies in the queue; what a dead letter carries.
    pub(crate) raw_body: String,
    /// Names this delivery; deletes and visibility go by it.
    pub(crate) receipt: String,
}

impl Message {
    /// Reads what SQS gave; `now` stands in for a time that it did not give.
    #[must_use]
    pub fn from_sqs(message: SqsMessage, now: DateTime<Utc>) -> Self {
        let system = message.attributes.unwrap_or_default();
        let number = |name| system.get(&name).and_then(|text| text.parse::<i64>().ok());
        let sent_at = number(SystemAttribute::SentTimestamp).and_then(DateTime::from_timestamp_millis).unwrap_or(now);
        let receive_count = number(SystemAttribute::ApproximateReceiveCount).unwrap_or(1);
        let raw_body = message.body.unwrap_or_default();
        let mut attributes: HashMap<String, String> = message
            .message_attributes
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.string_value?)))
            .collect();
        let origin = origin::of(&attributes);
        let (id, body, sent_at) = match Envelope::open(&raw_body) {
            Some(envelope) => {
                attributes.extend(envelope.message_attributes.into_iter().map(|(name, a)| (name, a.value)));
                // SNS had it before SQS did; a later time is not SNS's.
                (envelope.message_id, envelope.message, envelope.timestamp.min(sent_at))
            }
            None => (message.message_id.unwrap_or_default(), raw_body.clone(), sent_at),
        };
        let (id, sent_at) = match origin {
            // It was here before; a later time is not that of its first sending.
            Some((id, first_sent_at)) => (id, first_sent_at.min(sent_at)),
            None => (id, sent_at),
        };
        let trace = attributes.get("traceparent").and_then(|text| text.parse().ok());
        Self {
            trace,
            type_name: UNKNOWN,
            id,
            body,
            sent_at,
            attributes,
            receive_count: u32::try_from(receive_count).unwrap_or(1).max(1),
            raw_body,
            receipt: message.receipt_handle.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::text_attribute;

    const NOW: &str = "2026-01-02T00:00:00Z";

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn read(body: &str, attributes: &[(&str, &str)]) -> Message {
        let sent = time("2026-01-01T12:00:00Z").timestamp_millis().to_string();
        let mut message = SqsMessage::builder()
            .message_id("of-this-sending")
            .body(body)
            .attributes(SystemAttribute::SentTimestamp, sent);
        for (name, value) in attributes {
            message = message.message_attributes(*name, text_attribute(value).expect("an attribute"));
        }
        Message::from_sqs(message.build(), time(NOW))
    }

    #[test]
    fn a_redriven_message_is_the_one_that_it_was() {
        let first_sent = "2026-01-01T11:00:00.123Z";
        let redriven = read("raw", &[(origin::MESSAGE_ID, "of-the-first"), (origin::SENT_AT, first_sent)]);
        assert_eq!((redriven.id.as_str(), redriven.sent_at), ("of-the-first", time(first_sent)));
        // And so it stays when it is redriven once more.
        let attributes = origin::attributes(&redriven);
        let again = read("raw", &attributes.each_ref().map(|(name, value)| (*name, value.as_str())));
        assert_eq!((again.id, again.sent_at), (redriven.id, redriven.sent_at));
    }

    #[test]
    fn an_origin_is_taken_only_where_it_can_be_one() {
        let sent = time("2026-01-01T12:00:00Z");
        for (id, sent_at) in [
            ("", "2026-01-01T11:00:00Z"),
            ("a b", "2026-01-01T11:00:00Z"),
            ("m", "yesterday"),
            ("m", "1969-12-31T23:59:59Z"),
        ] {
            let message = read("raw", &[(origin::MESSAGE_ID, id), (origin::SENT_AT, sent_at)]);
            assert_eq!((message.id.as_str(), message.sent_at), ("of-this-sending", sent), "{id:?} {sent_at:?}");
        }
        // One without the other is somebody else's attribute that happens to have the name.
        let message = read("raw", &[(origin::SENT_AT, "2026-01-01T11:00:00Z")]);
        assert_eq!(message.sent_at, sent);
        let message = read("raw", &[(origin::MESSAGE_ID, "m"), (origin::SENT_AT, "2099-01-01T00:00:00Z")]);
        assert_eq!((message.id.as_str(), message.sent_at), ("m", sent), "nothing is redriven before it was sent");
    }

    #[test]
    fn an_envelope_stays_the_one_that_it_was() {
        let envelope = serde_json::json!({
            "Type": "Notification", "MessageId": "of-sns", "TopicArn": "arn:aws:sns:eu-west-2:123450000001:t",
            "Message": "inside", "Timestamp": "2026-01-01T10:00:00Z",
        });
        let first = read(&envelope.to_string(), &[]);
        let attributes = origin::attributes(&first);
        let redriven = read(&envelope.to_string(), &attributes.each_ref().map(|(name, value)| (*name, value.as_str())));
        for message in [&first, &redriven] {
            assert_eq!((message.id.as_str(), message.body.as_str()), ("of-sns", "inside"));
            assert_eq!(message.sent_at, time("2026-01-01T10:00:00Z"));
        }
    }
}
