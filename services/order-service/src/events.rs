//! What the queues bring, one file for each queue: events in, use cases called, outcomes out.

mod assignments;
mod order_events;

pub use self::{assignments::Assignments, order_events::OrderEvents};

use crate::error::Error;
use messaging::HandlerError;

impl From<Error> for HandlerError {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => error.into(),
            other @ (Error::OrderNotFound | Error::OrderConflict | Error::IdempotencyKeyReused) => {
                Self::Rejected(other.to_string())
            }
        }
    }
}
