//! Finds couriers by their ids.

use dispatch_contracts::{id::CourierId, resource::Courier};

use super::Couriers;
use crate::{error::Error, postgres::couriers};

impl Couriers {
    /// One courier.
    ///
    /// # Errors
    /// They are not known, or the database.
    pub async fn get(&self, courier_id: CourierId) -> Result<Courier, Error> {
        self.get_many(&[courier_id]).await?.pop().ok_or(Error::CourierNotFound)
    }

    /// Those of the couriers who are known, in no particular order.
    ///
    /// # Errors
    /// The database.
    pub async fn get_many(&self, courier_ids: &[CourierId]) -> Result<Vec<Courier>, Error> {
        Ok(couriers::get_many(&self.pool, courier_ids).await?)
    }
}
