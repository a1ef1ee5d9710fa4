//! Lists the orders of a courier, latest assignment first, page by page.

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    order::OrderStatus,
    resource::Pair,
    timestamp,
};
use serde::{Deserialize, Serialize};

use super::Pairs;
use crate::{
    error::Error,
    postgres::{couriers, pairs},
};

/// A place in the list. It does not move when orders are added before it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Position {
    /// When the order at this place was assigned.
    #[serde(with = "timestamp")]
    pub assigned_at: DateTime<Utc>,
    /// Which order it is.
    pub order_id: OrderId,
}

impl From<&Pair> for Position {
    fn from(pair: &Pair) -> Self {
        Self { assigned_at: pair.assigned_at, order_id: pair.order_id }
    }
}

impl Pairs {
    /// At most `rows` pairs of a courier behind a place, or from the beginning; all, or those in one status.
    ///
    /// # Errors
    /// The courier is not known and has no order; or the database.
    pub async fn of_courier(
        &self,
        courier_id: CourierId,
        status: Option<OrderStatus>,
        after: Option<&Position>,
        rows: i64,
    ) -> Result<Vec<Pair>, Error> {
        let page = pairs::of_courier(&self.pool, courier_id, status, after, rows).await?;
        // An assignment may be here before the news of its courier, so a pair is as good as a courier.
        if page.is_empty() && !couriers::is_known(&self.pool, courier_id).await? {
            return Err(Error::CourierNotFound);
        }
        Ok(page)
    }
}
