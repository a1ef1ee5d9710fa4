//! Records what events say of couriers. The newest wins, whatever order it arrives in.

use dispatch_contracts::event::{AddCourier, Version};

use super::Couriers;
use crate::{error::Error, postgres::couriers};

/// News of a courier.
#[derive(Debug, Clone)]
pub struct News {
    /// What is said.
    pub courier: AddCourier,
    /// How new it is.
    pub version: Version,
}

impl Couriers {
    /// Records what is newer than what is known; our own events are not, when they come back.
    ///
    /// # Errors
    /// The database.
    pub async fn record(&self, news: &[News]) -> Result<(), Error> {
        Ok(couriers::record(&self.pool, news).await?)
    }
}
