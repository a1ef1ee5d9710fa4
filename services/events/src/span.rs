//! The span of handling an event, in the trace of whoever published it. An event of an order that names no trace is in that of
//! the order: the services hear of it from queues of their own, and have nothing else in common. Whatever else names none is in
//! one of its message. So the trace of a message follows from the message alone, and lines about it can name it at any time.

use dispatch_contracts::{
    event::{Decoded, Payload, decode},
    id::{EventId, OrderId},
};
use messaging::{HandlerError, Message, Outcome};
use trace::{Cause, Kind, Span};

pub(crate) fn of(queue: &str, message: &Message, payload: &Payload) -> Span {
    let mut span = start(queue, message, cause(message, payload.order_id()));
    span.set("dispatch.event.type", payload.type_name());
    if let Some(order_id) = payload.order_id() {
        span.set("dispatch.order.id", order_id);
    }
    if let Some(courier_id) = payload.courier_id() {
        span.set("dispatch.courier.id", courier_id);
    }
    span
}

/// What breaks the format is handled by that alone.
pub(crate) fn of_poison(queue: &str, message: &Message) {
    start(queue, message, cause(message, None)).failed("it breaks the format");
}

/// The trace that a message is handled in.
pub(crate) fn trace_id(message: &Message) -> Option<String> {
    let order = match decode(&message.body) {
        Ok(Decoded::Event(event)) => event.payload.order_id(),
        Ok(Decoded::UnknownType(_)) | Err(_) => None,
    };
    cause(message, order).trace_id()
}

fn cause(message: &Message, order: Option<OrderId>) -> Cause {
    let order = order.map(|order| order.as_uuid()).filter(|id| !id.is_nil());
    let about = || Cause::About(order.unwrap_or_else(|| EventId::of_message(&message.id).as_uuid()));
    message.trace.map_or_else(about, Cause::Span)
}

/// Ends the spans as the batch ended.
pub(crate) fn ended(spans: Vec<Span>, applied: Result<&Vec<Outcome>, &HandlerError>) {
    for (position, mut span) in spans.into_iter().enumerate() {
        match applied.map(|outcomes| outcomes.get(position)) {
            Ok(Some(Outcome::Retry(reason) | Outcome::Quarantine(reason))) => span.failed(reason),
            Ok(Some(Outcome::Done) | None) => {}
            Err(error) => span.failed(error),
        }
    }
}

fn start(queue: &str, message: &Message, cause: Cause) -> Span {
    let mut span = Span::start(Kind::Consumer, format!("process {queue}"), cause);
    span.set("messaging.system", "aws_sqs");
    span.set("messaging.operation.type", "process");
    span.set("messaging.destination.name", queue);
    span.set("messaging.message.id", &message.id);
    span
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::{Message as SqsMessage, MessageAttributeValue};
    use chrono::Utc;

    use super::*;

    const ORDER: &str = "b87261aa-2907-498e-aa24-3bce25590a46";
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn message(id: &str, body: &str) -> SqsMessage {
        SqsMessage::builder().message_id(id).body(body).build()
    }

    fn named(message: SqsMessage) -> Option<String> {
        trace_id(&Message::from_sqs(message, Utc::now()))
    }

    #[test]
    fn what_is_logged_of_a_message_names_the_trace_of_its_span() {
        let order =
            format!(r#"{{"orderId": "{ORDER}", "details": "", "zone": "N1", "addedAt": "2026-01-01T00:00:00Z"}}"#);
        let message = Message::from_sqs(message("1", &order), Utc::now());
        let Ok(Decoded::Event(event)) = decode(&message.body) else { panic!("an event: {order}") };
        let span = of("queue", &message, &event.payload);
        assert_eq!(trace_id(&message), Some(span.context().trace_id()));
        assert_eq!(trace_id(&message), Some(ORDER.replace('-', "")));
    }

    #[test]
    fn a_message_of_no_order_has_a_trace_of_its_own() {
        let [one, again, other] = ["1", "1", "2"].map(|id| named(message(id, "poison")));
        assert!(one.is_some() && one == again && one != other, "{one:?} {again:?} {other:?}");
    }

    #[test]
    fn the_publishers_trace_comes_first() {
        let parent = MessageAttributeValue::builder().data_type("String");
        let parent = parent.string_value(format!("00-{TRACE}-00f067aa0ba902b7-01")).build().expect("complete");
        let message = SqsMessage::builder().message_id("1").body("poison").message_attributes("traceparent", parent);
        assert_eq!(named(message.build()).as_deref(), Some(TRACE));
    }
}
