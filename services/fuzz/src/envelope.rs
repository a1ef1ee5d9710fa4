//! A message as SQS hands it out, its body raw or in the envelope of SNS, on its way to a service.

use std::sync::{Arc, Mutex};

use aws_sdk_sqs::types::{Message as SqsMessage, MessageSystemAttributeName as SystemAttribute};
use chrono::{DateTime, Datelike as _, Utc};
use dispatch_contracts::event::{Decoded, decode};
use events::{Apply, Consume, Incoming};
use messaging::{Handler as _, HandlerError, Message, Outcome};
use serde_json::json;

const OF_SQS: &str = "5fea7756-0ea4-451a-a703-a558b933e274";
const OF_SNS: &str = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324";
const SENT_BY_SNS: &str = "2026-01-02T03:04:05.678Z";
/// 2026-01-02T03:04:06Z, in milliseconds.
const SENT_BY_SQS: i64 = 1_767_323_046_000;

/// What holds of any body that lies in a queue: it is read without a panic and always the same; a service is told of it if
/// and only if it is an event, with an id and a time that every store keeps; and it makes no difference whether it lies
/// there as it is or in an envelope, and what else stands on that.
///
/// # Panics
/// One of that does not hold.
pub fn envelope(body: &str) {
    let message = received(body);
    let again = received(body);
    assert_eq!((&again.id, &again.body, again.sent_at), (&message.id, &message.body, message.sent_at));
    assert_eq!(again.attributes, message.attributes);
    arrives(&message);

    let wrapped = received(&wrap(body));
    assert_eq!((wrapped.id.as_str(), wrapped.body.as_str()), (OF_SNS, body), "what is inside is not opened again");
    assert_eq!(wrapped.sent_at, SENT_BY_SNS.parse::<DateTime<Utc>>().expect("a time"));
    arrives(&wrapped);
}

fn received(body: &str) -> Message {
    let message = SqsMessage::builder()
        .message_id(OF_SQS)
        .body(body)
        .attributes(SystemAttribute::SentTimestamp, SENT_BY_SQS.to_string())
        .attributes(SystemAttribute::ApproximateReceiveCount, "1");
    Message::from_sqs(message.build(), DateTime::UNIX_EPOCH)
}

fn wrap(body: &str) -> String {
    json!({
        "Type": "Notification", "MessageId": OF_SNS, "TopicArn": "arn:aws:sns:eu-west-2:123450000001:events-topic",
        "Subject": body, "Message": body, "Timestamp": SENT_BY_SNS, "SignatureVersion": "1",
        "MessageAttributes": {"eventType": {"Type": "String", "Value": body}},
    })
    .to_string()
}

/// Keeps what it is told of.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Incoming>>>);

impl Apply for Kept {
    async fn apply(&self, events: &[Incoming]) -> Result<Vec<Outcome>, HandlerError> {
        self.0.lock().expect("nobody panics with it").extend_from_slice(events);
        Ok(vec![Outcome::Done; events.len()])
    }
}

fn arrives(message: &Message) {
    assert!((1970..=9999).contains(&message.sent_at.year()), "no store keeps {}", message.sent_at);
    let kept = Kept::default();
    let consumer = Consume::of("events-queue", kept.clone());
    let outcomes = futures::executor::block_on(consumer.handle(std::slice::from_ref(message)));
    let outcomes = outcomes.expect("nothing it needs can be down");
    let kept = kept.0.lock().expect("nobody panicked with it");
    match decode(&message.body) {
        Ok(Decoded::Event(event)) => {
            assert_eq!(outcomes, [Outcome::Done]);
            let [incoming] = kept.as_slice() else { panic!("told of once: {kept:?}") };
            assert_eq!(incoming.payload, event.payload);
            assert_eq!(incoming.version, event.version(&message.id, message.sent_at));
            assert_eq!(incoming.event_id, event.id_or_derived(&message.id));
            assert!((1970..=9999).contains(&incoming.version.at.year()), "no store keeps {:?}", incoming.version);
        }
        Ok(Decoded::UnknownType(_)) => assert_eq!((outcomes.as_slice(), kept.len()), ([Outcome::Done].as_slice(), 0)),
        Err(error) => {
            assert_eq!((outcomes.as_slice(), kept.len()), ([Outcome::Quarantine(error.to_string())].as_slice(), 0));
        }
    }
}
