//! AddCourier: first the facts, then Redis. Redis is told what the facts say, not what the event says, so it does not
//! matter in which order two events about one courier come, or in which of two processes.

use dispatch_contracts::event::AddCourier;
use events::Incoming;

use super::{Dispatch, DispatchError};
use crate::domain::{courier::Courier, settlement::Update};

impl Dispatch {
    /// Takes over news of couriers, and gives them what waits for them.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer; it may be repeated.
    pub async fn add_couriers(&self, news: &[(&Incoming, &AddCourier)]) -> Result<(), DispatchError> {
        if news.is_empty() {
            return Ok(());
        }
        let couriers = self.facts.take_over(news, self.clock.now()).await?;
        let updates = couriers.iter().flat_map(Courier::entries).map(Update::Courier).collect();
        self.follow(updates).await
    }
}
