//! A message as a handler sees it, with or without the SNS envelope around it.

use std::collections::HashMap;

use aws_sdk_sqs::types::{Message as SqsMessage, MessageSystemAttributeName as SystemAttribute};
use chrono::{DateTime, Utc};

use crate::{TraceParent, envelope::Envelope};

/// One received message.
#[derive(Debug, Clone)]
pub struct Message {
    /// The broker's id: SNS's where there is an envelope, else SQS's. The same in each redelivery.
    pub id: String,
    /// The payload, without envelope.
    pub body: String,
    /// When it was sent: the envelope's time, else when it entered the queue.
    pub sent_at: DateTime<Utc>,
    /// Its string attributes, by name.
    pub attributes: HashMap<String, String>,
    /// The trace that it belongs to: its publisher's, else a new one.
    pub trace: TraceParent,
    /// How often it was received, this time included; at least 1.
    pub receive_count: u32,
    /// The body as it lies in the queue; what a dead letter carries.
    pub(crate) raw_body: String,
    /// Names this delivery; deletes and visibility go by it.
    pub(crate) receipt: String,
}

impl Message {
    /// Reads what SQS gave; `now` stands in for a time that it did not give.
    pub(crate) fn from_sqs(message: SqsMessage, now: DateTime<Utc>) -> Self {
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
        let (id, body, sent_at) = match Envelope::open(&raw_body) {
            Some(envelope) => {
                attributes.extend(envelope.message_attributes.into_iter().map(|(name, a)| (name, a.value)));
                // SNS had it before SQS did; a later time is not SNS's.
                (envelope.message_id, envelope.message, envelope.timestamp.min(sent_at))
            }
            None => (message.message_id.unwrap_or_default(), raw_body.clone(), sent_at),
        };
        let trace = attributes.get("traceparent").and_then(|text| text.parse().ok()).unwrap_or_else(TraceParent::start);
        Self {
            trace,
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
