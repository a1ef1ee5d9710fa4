//! Says whether a courier takes orders now, and publishes it: the row and its event are one transaction.

use dispatch_contracts::{id::CourierId, resource::Courier};
use trace::TraceParent;

use super::Couriers;
use crate::{error::Error, postgres::couriers};

impl Couriers {
    /// Sets it, and publishes it also when it was so already: it is news that it is still so, newer than any contrary
    /// news that is on its way, and it reaches whoever lost what came before.
    ///
    /// # Errors
    /// The courier is not known, or the database.
    pub async fn set_availability(
        &self,
        courier_id: CourierId,
        is_available: bool,
        trace: TraceParent,
    ) -> Result<Courier, Error> {
        let event_id = self.ids.next();
        let mut transaction = self.pool.begin().await?;
        let changed =
            couriers::set_availability(&mut transaction, courier_id, is_available, self.clock.now(), event_id).await?;
        let courier = changed.ok_or(Error::CourierNotFound)?;
        self.announce(&mut transaction, event_id, &courier, trace).await?;
        transaction.commit().await?;
        self.outbox.wake();
        Ok(courier)
    }
}
