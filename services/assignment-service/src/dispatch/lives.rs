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
        lived.refused.iter().for_each(Refused::report);
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
        lived.refused.iter().for_each(Refused::report);
        self.follow(lived.updates).await
    }
}
