//! What the queues bring, one file for each queue: events in, use cases called, outcomes out.

mod assignments;
mod courier_events;

use ::events::Incoming;
use dispatch_contracts::event::Payload;
use messaging::HandlerError;

pub use self::{assignments::Assignments, courier_events::CourierEvents};
use crate::{domain::change::PairChange, error::Error};

/// The changes that events of certain kinds tell of.
fn changes_of(events: &[Incoming], of_kind: impl Fn(&Payload) -> bool) -> Vec<PairChange> {
    let told = events.iter().filter(|event| of_kind(&event.payload));
    told.filter_map(|event| {
        let change = PairChange::of(&event.payload, event.version)?;
        let ((order_id, event_id), kind) = (change.key(), change.type_name());
        let courier_id = change.courier_id.map(tracing::field::display);
        tracing::debug!(
            order.id = %order_id, courier.id = courier_id, event.id = %event_id, trace.id = event.trace.trace_id(), kind,
            "change heard of"
        );
        Some(change)
    })
    .collect()
}

impl From<Error> for HandlerError {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => error.into(),
            other @ (Error::CourierNotFound
            | Error::OrderNotFound
            | Error::NotTheirOrder { .. }
            | Error::ImpossibleTransition { .. }
            | Error::OrderNotAssigned) => Self::Rejected(other.to_string()),
        }
    }
}
