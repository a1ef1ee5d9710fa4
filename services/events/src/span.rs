//! The span of handling an event, in the trace of whoever published it. An event of an order that names no trace is in that of
//! the order: the services hear of it from queues of their own, and have nothing else in common.

use dispatch_contracts::event::Payload;
use messaging::{HandlerError, Message, Outcome};
use trace::{Cause, Kind, Span};

pub(crate) fn of(queue: &str, message: &Message, payload: &Payload) -> Span {
    let about = payload.order_id().map_or(Cause::Unknown, |order| Cause::About(order.as_uuid()));
    let mut span = start(queue, message, message.trace.map_or(about, Cause::Span));
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
    start(queue, message, message.trace.into()).failed("it breaks the format");
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
