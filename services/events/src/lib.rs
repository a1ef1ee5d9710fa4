//! Dispatch's events over messaging: from a message to an event ([`Consume`]), from an event to a row of the outbox
//! ([`to_outbox`]); and what is said of one that changes nothing ([`Refused`]).
//!
//! Every consumer treats a message alike: what breaks the format is quarantined with the reason, an unknown type is
//! counted and acknowledged, and only events reach the service.

mod refusal;

use std::future::Future;

use dispatch_contracts::{
    event::{Decoded, Event, Payload, Version, decode},
    id::EventId,
};
use messaging::{Handler, HandlerError, Message, Outcome, TraceParent, outbox::OutboxEvent};

pub use self::refusal::Refused;

/// An event with what its message says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// What happened.
    pub payload: Payload,
    /// Its own id, else one derived from the message; the same in each redelivery.
    pub event_id: EventId,
    /// How new it is.
    pub version: Version,
    /// The broker's id of the message that brought it.
    pub message_id: String,
    /// The trace that it belongs to.
    pub trace: TraceParent,
}

/// What a service does with events.
pub trait Apply: Send + Sync + 'static {
    /// One outcome for each event, in their order. An event may come more than once, and events in any order.
    fn apply(&self, events: &[Incoming]) -> impl Future<Output = Result<Vec<Outcome>, HandlerError>> + Send;
}

/// Handles messages by reading the events in them.
pub struct Consume<A>(pub A);

impl<A: Apply> Handler for Consume<A> {
    async fn handle(&self, batch: &[Message]) -> Result<Vec<Outcome>, HandlerError> {
        let mut incoming = Vec::with_capacity(batch.len());
        let mut outcomes = Vec::with_capacity(batch.len());
        for message in batch {
            match decode(&message.body) {
                Ok(Decoded::Event(event)) => {
                    incoming.push(arrive(event, message));
                    outcomes.push(None);
                }
                Ok(Decoded::UnknownType(name)) => {
                    metrics::counter!("events_unknown_type_total").increment(1);
                    tracing::debug!(message.id = message.id, event.r#type = name, "unknown type, passed over");
                    outcomes.push(Some(Outcome::Done));
                }
                Err(error) => outcomes.push(Some(Outcome::Quarantine(error.to_string()))),
            }
        }
        let applied = if incoming.is_empty() { Vec::new() } else { self.0.apply(&incoming).await? };
        let mut applied = applied.into_iter();
        // A service that answers too little must not be taken at its word for what it left out.
        let missing = || Outcome::Retry("no outcome for this event".to_owned());
        Ok(outcomes.into_iter().map(|known| known.or_else(|| applied.next()).unwrap_or_else(missing)).collect())
    }
}

fn arrive(event: Event, message: &Message) -> Incoming {
    let version = event.version(&message.id, message.sent_at);
    Incoming {
        event_id: version.event_id,
        version,
        message_id: message.id.clone(),
        trace: message.trace,
        payload: event.payload,
    }
}

/// An event of our own as a row of the outbox, in the trace of what caused it.
#[must_use]
pub fn to_outbox(event_id: EventId, event: &Event, cause: TraceParent) -> OutboxEvent {
    OutboxEvent {
        event_id: event_id.as_uuid(),
        event_type: event.payload.type_name(),
        payload: event.to_json(),
        trace: cause.child(),
    }
}
