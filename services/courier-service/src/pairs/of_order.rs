//! Finds who has an order.

use dispatch_contracts::{id::OrderId, resource::Pair};

use super::Pairs;
use crate::{error::Error, postgres::pairs};

impl Pairs {
    /// The pair that the order is in.
    ///
    /// # Errors
    /// Nobody has the order; or the database.
    pub async fn of_order(&self, order_id: OrderId) -> Result<Pair, Error> {
        pairs::of_order(&self.pool, order_id).await?.ok_or(Error::OrderNotAssigned)
    }
}
