//! What the queues bring, one file for each queue: events in, use cases called, outcomes out.

mod assignments;
mod courier_events;

use messaging::HandlerError;

pub use self::{assignments::Assignments, courier_events::CourierEvents};
use crate::error::Error;

impl From<Error> for HandlerError {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => error.into(),
            other @ (Error::CourierNotFound | Error::OrderNotAssigned) => Self::Rejected(other.to_string()),
        }
    }
}
