//! Finds orders by their ids.

use dispatch_contracts::{id::OrderId, resource::Order};

use super::Orders;
use crate::{error::Error, postgres::orders};

impl Orders {
    /// One order.
    ///
    /// # Errors
    /// It is not known, or the database.
    pub async fn get(&self, order_id: OrderId) -> Result<Order, Error> {
        orders::get(&self.pool, order_id).await?.ok_or(Error::OrderNotFound)
    }

    /// Those of the orders that are known, in no particular order.
    ///
    /// # Errors
    /// The database.
    pub async fn get_many(&self, order_ids: &[OrderId]) -> Result<Vec<Order>, Error> {
        Ok(orders::get_many(&self.pool, order_ids).await?)
    }
}
