//! Dispatch's events over messaging: from a message to an event ([`Consume`]), from an event to a row of the outbox
//! ([`to_outbox`]); what is said of one that changes nothing ([`Refused`]); and what passed lately, over gRPC ([`messages`]).
//!
//! Every consumer treats a message alike: what breaks the format is quarantined with the reason, an unknown type is
//! counted and acknowledged, and only events that the service minds reach it. All of that needs no server, so it is decided for each
//! message alone.

pub mod messages;
mod refusal;
mod span;

use std::future::Future;

use dispatch_contracts::{
    event::{DecodeError, Decoded, Event, Payload, TYPES, Version, decode, type_name},
    id::EventId,
};
use messaging::{Handler, HandlerError, Message, Outcome, outbox::OutboxEvent};
use trace::TraceParent;

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
    /// Its place in a trace: that of its handling.
    pub trace: TraceParent,
}

/// What a service does with events.
pub trait Apply: Send + Sync + 'static {
    /// One outcome for each event, in their order. An event may come more than once, and events in any order.
    fn apply(&self, events: &[Incoming]) -> impl Future<Output = Result<Vec<Outcome>, HandlerError>> + Send;

    /// Whether anything is done with such an event; what is not minded is acknowledged.
    fn minds(&self, _payload: &Payload) -> bool {
        true
    }
}

/// Handles messages of a queue by reading the events in them.
pub struct Consume<A> {
    queue: String,
    apply: A,
}

impl<A: Apply> Consume<A> {
    /// Handles the messages of this queue.
    pub fn of(queue: &str, apply: A) -> Self {
        metrics::counter!("dispatch_events_unknown_type_total").increment(0);
        refusal::count_from_zero();
        Self { queue: queue.to_owned(), apply }
    }
}

impl<A: Apply> Consume<A> {
    /// What becomes of a message that the service is not told of.
    fn needs_nothing(&self, message: &Message, decoded: Result<Decoded, DecodeError>) -> Outcome {
        match decoded {
            Ok(Decoded::Event(event)) => drop(span::of(&self.queue, message, &event.payload)),
            Ok(Decoded::UnknownType(name)) => {
                metrics::counter!("dispatch_events_unknown_type_total").increment(1);
                tracing::debug!(
                    message.id = message.id,
                    event.r#type = name,
                    trace.id = span::trace_id(message),
                    "unknown type, passed over"
                );
            }
            Err(error) => {
                span::of_poison(&self.queue, message);
                return Outcome::Quarantine(error.to_string());
            }
        }
        Outcome::Done
    }
}

impl<A: Apply> Handler for Consume<A> {
    const TYPES: &'static [&'static str] = &TYPES;

    async fn handle(&self, batch: &[Message]) -> Result<Vec<Outcome>, HandlerError> {
        let mut incoming = Vec::with_capacity(batch.len());
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut spans = Vec::with_capacity(batch.len());
        for message in batch {
            match decode(&message.body) {
                Ok(Decoded::Event(event)) if self.apply.minds(&event.payload) => {
                    let span = span::of(&self.queue, message, &event.payload);
                    incoming.push(arrive(event, message, span.context()));
                    spans.push(span);
                    outcomes.push(None);
                }
                other => outcomes.push(Some(self.needs_nothing(message, other))),
            }
        }
        let applied = if incoming.is_empty() { Ok(Vec::new()) } else { self.apply.apply(&incoming).await };
        span::ended(spans, applied.as_ref());
        let applied = applied?;
        let mut applied = applied.into_iter();
        // A service that answers too little must not be taken at its word for what it left out.
        let missing = || Outcome::Retry("no outcome for this event".to_owned());
        Ok(outcomes.into_iter().map(|known| known.or_else(|| applied.next()).unwrap_or_else(missing)).collect())
    }

    fn outcome_alone(&self, message: &Message) -> Option<Outcome> {
        match decode(&message.body) {
            Ok(Decoded::Event(event)) if self.apply.minds(&event.payload) => None,
            other => Some(self.needs_nothing(message, other)),
        }
    }

    fn type_name(&self, message: &Message) -> &'static str {
        type_name(&message.body).unwrap_or(messaging::message::UNKNOWN)
    }

    fn trace_id(&self, message: &Message) -> Option<String> {
        span::trace_id(message)
    }
}

fn arrive(event: Event, message: &Message, trace: TraceParent) -> Incoming {
    let version = event.version(&message.id, message.sent_at);
    Incoming { event_id: version.event_id, version, message_id: message.id.clone(), trace, payload: event.payload }
}

/// An event of our own as a row of the outbox, in the trace of what caused it.
#[must_use]
pub fn to_outbox(event_id: EventId, event: &Event, cause: TraceParent) -> OutboxEvent {
    OutboxEvent {
        event_id: event_id.as_uuid(),
        event_type: event.payload.type_name(),
        payload: event.to_json(),
        trace: cause,
        caused_at: event.occurred_at,
    }
}
