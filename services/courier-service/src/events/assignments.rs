//! `assignment-queue`: who has which order.

use ::events::{Apply, Incoming, Refused};
use dispatch_contracts::event::Payload;
use messaging::{HandlerError, Outcome};

use super::changes_of;
use crate::pairs::Pairs;

/// Records decisions; other events are acknowledged.
#[derive(Debug)]
pub struct Assignments(pub Pairs);

impl Apply for Assignments {
    async fn apply(&self, events: &[Incoming]) -> Result<Vec<Outcome>, HandlerError> {
        let refused = self.0.record(&changes_of(events, is_decision)).await?;
        Refused::report(&refused, events);
        Ok(vec![Outcome::Done; events.len()])
    }

    fn minds(&self, payload: &Payload) -> bool {
        is_decision(payload)
    }
}

const fn is_decision(payload: &Payload) -> bool {
    matches!(payload, Payload::OrderAssigned(_) | Payload::OrderUnassigned(_))
}
