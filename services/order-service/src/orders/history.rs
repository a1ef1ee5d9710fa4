//! Shows what happened to an order.

use std::iter;

use dispatch_contracts::id::OrderId;

use super::Orders;
use crate::{
    domain::history::{Entry, Place, history},
    error::Error,
    postgres::{changes, orders},
};

impl Orders {
    /// What happened to the order behind a place, or from the beginning: its creation, then each change that took
    /// effect, oldest first.
    ///
    /// # Errors
    /// The order is not known, or its history has no such place; or the database.
    pub async fn history(&self, order_id: OrderId, after: Option<Place>) -> Result<Vec<Entry>, Error> {
        let order = orders::get(&self.pool, order_id).await?.ok_or(Error::OrderNotFound)?;
        let changes = changes::of_orders(&self.pool, iter::once(order_id)).await?;
        history(&order, &changes, after).ok_or(Error::NoSuchPlace)
    }
}
