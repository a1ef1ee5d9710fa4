//! The SNS envelope: what a subscription without raw delivery wraps around a message.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::message::origin::{is_message_id, is_sending_time};

/// The parts of the envelope that matter here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Envelope {
    r#type: String,
    /// SNS's id, the same in each queue that the message reached.
    pub(crate) message_id: String,
    #[serde(rename = "TopicArn")]
    _topic_arn: String,
    pub(crate) message: String,
    pub(crate) timestamp: DateTime<Utc>,
    #[serde(default)]
    pub(crate) message_attributes: HashMap<String, EnvelopeAttribute>,
}

/// An attribute as the envelope carries it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EnvelopeAttribute {
    pub(crate) value: String,
}

impl Envelope {
    /// The envelope, if the body is one; a raw body is not.
    pub(crate) fn open(body: &str) -> Option<Self> {
        // Most bodies are raw: do not parse them twice.
        if !body.contains("\"TopicArn\"") {
            return None;
        }
        let envelope: Self = serde_json::from_str(body).ok()?;
        // Anybody can send a body that looks like an envelope; id and time are what SNS gives, or it is none.
        let is_of_sns = is_message_id(&envelope.message_id) && is_sending_time(envelope.timestamp);
        (envelope.r#type == "Notification" && is_of_sns).then_some(envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_sns_wraps_and_nothing_else() {
        let wrapped = r#"{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:eu-west-2:123450000001:t",
            "Message":"{\"orderId\":1}","Timestamp":"2026-01-02T03:04:05.678Z","SignatureVersion":"1",
            "MessageAttributes":{"eventType":{"Type":"String","Value":"AddOrder"}}}"#;
        let envelope = Envelope::open(wrapped).expect("an envelope");
        assert_eq!((envelope.message.as_str(), envelope.message_id.as_str()), (r#"{"orderId":1}"#, "m"));
        assert_eq!(envelope.message_attributes["eventType"].value, "AddOrder");
        assert!(Envelope::open(r#"{"orderId":"x","details":"\"TopicArn\""}"#).is_none());
        assert!(Envelope::open("\"TopicArn\"").is_none());
        assert!(Envelope::open(&wrapped.replace("\"m\"", "\"m\\u0000\"")).is_none());
        assert!(Envelope::open(&wrapped.replace("\"m\"", "\"\"")).is_none());
        assert!(Envelope::open(&wrapped.replace("2026-", "-262143-")).is_none());
    }
}
