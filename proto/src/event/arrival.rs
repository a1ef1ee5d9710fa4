//! What a consumer adds to an event as it arrives: an id where it has none, and a place among the news.
//!
//! Both depend only on the message and its first sending, so each redelivery gives the same.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Event;
use crate::{id::EventId, timestamp};

/// Ids of injected events are version 5 UUIDs of the broker's message id within this namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_7e0d_9a55_5b0e_8d5e_6469_7370_6174);

/// How new news is. The greater one wins, whatever order they arrive in; the id settles a tie, so that every reader
/// of the same news comes to the same end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// When it happened, else when it was sent; microseconds.
    pub at: DateTime<Utc>,
    /// The event.
    pub event_id: EventId,
}

impl EventId {
    /// Derived from the id that the broker gave the message: the same in each queue and each redelivery.
    #[must_use]
    pub fn of_message(message_id: &str) -> Self {
        Uuid::new_v5(&NAMESPACE, message_id.as_bytes()).into()
    }
}

impl Event {
    /// Its own id, else one derived from the id that the broker gave the message.
    #[must_use]
    pub fn id_or_derived(&self, message_id: &str) -> EventId {
        self.event_id.unwrap_or_else(|| EventId::of_message(message_id))
    }

    /// How new it is: by its own time where it says one, else by when the broker was given it. Its own time is taken as
    /// it is, so that every reader comes to the same version; the broker's may differ from queue to queue.
    #[must_use]
    pub fn version(&self, message_id: &str, sent_at: DateTime<Utc>) -> Version {
        let at = self.occurred_at.unwrap_or(sent_at);
        Version { at: timestamp::to_micros(at), event_id: self.id_or_derived(message_id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Decoded, decode};

    fn injected(occurred_at: Option<&str>) -> Event {
        let mut body = serde_json::json!({
            "courierId": "a97261aa-2907-498e-aa24-3bce25590a46", "name": "a", "zone": "S", "isAvailable": true,
        });
        if let Some(time) = occurred_at {
            body["occurredAt"] = time.into();
        }
        match decode(&body.to_string()) {
            Ok(Decoded::Event(event)) => event,
            other => panic!("{other:?}"),
        }
    }

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn a_redelivery_has_the_same_id_and_version_and_another_message_another() {
        let (event, sent_at) = (injected(None), time("2026-01-01T00:00:00Z"));
        assert_eq!(event.version("m1", sent_at), event.version("m1", sent_at));
        assert_ne!(event.version("m1", sent_at).event_id, event.version("m2", sent_at).event_id);
    }

    #[test]
    fn its_own_time_counts_else_that_of_its_sending() {
        let sent_at = time("2026-01-01T00:00:00Z");
        let at = |occurred| injected(occurred).version("m", sent_at).at;
        assert_eq!(at(Some("2025-12-31T23:00:00Z")), time("2025-12-31T23:00:00Z"));
        assert_eq!(at(Some("2099-01-01T00:00:00Z")), time("2099-01-01T00:00:00Z"));
        assert_eq!(at(None), sent_at);
    }
}
