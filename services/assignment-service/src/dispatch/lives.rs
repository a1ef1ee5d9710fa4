//! What happens to orders after their assignment: pickups, deliveries, cancellations, rejections. First the facts, then
//! Redis; a freed place goes to whoever waits.

use dispatch_contracts::event::OrderRejected;
use events::{Incoming, Refused};

use super::{Dispatch, DispatchError};

impl Dispatch {
    /// Takes over pickups, deliveries and cancellations.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer; it may be repeated.
    pub async fn live(&self, events: &[&Incoming]) -> Result<(), DispatchError> {
        if events.is_empty() {
            return Ok(());
        }
        let lived = self.facts.live(events).await?;
        Refused::report(&lived.refused, events.iter().copied());
        self.follow(lived.updates).await
    }

    /// Takes declined orders back, and looks for somebody else.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer; it may be repeated.
    pub async fn reject(&self, events: &[(&Incoming, &OrderRejected)]) -> Result<(), DispatchError> {
        if events.is_empty() {
            return Ok(());
        }
        let lived = self.facts.reject(events, self.deciding()).await?;
        Refused::report(&lived.refused, events.iter().map(|(event, _)| *event));
        self.follow(lived.updates).await
    }
}
