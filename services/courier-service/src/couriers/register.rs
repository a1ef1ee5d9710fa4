//! Registers a courier or changes one, and publishes it: the row and its event are one transaction.

use dispatch_contracts::resource::Courier;
use trace::TraceParent;

use super::Couriers;
use crate::{domain::Registration, error::Error, postgres::couriers};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The courier as they are now.
    pub courier: Courier,
    /// Whether nobody had heard of them.
    pub is_new: bool,
}

impl Couriers {
    /// Makes the courier what the registration says.
    ///
    /// It is newer than all that is known of them, even when this machine's clock is behind.
    ///
    /// # Errors
    /// The database.
    pub async fn register(&self, registration: &Registration, trace: TraceParent) -> Result<Registered, Error> {
        let event_id = self.ids.next();
        let mut transaction = self.pool.begin().await?;
        let registered = couriers::register(&mut transaction, registration, self.clock.now(), event_id).await?;
        self.announce(&mut transaction, event_id, &registered.courier, trace).await?;
        transaction.commit().await?;
        self.outbox.wake();
        Ok(registered)
    }
}
