//! Lists orders, newest first, page by page.

use chrono::{DateTime, Utc};
use dispatch_contracts::{id::OrderId, order::OrderStatus, resource::Order, timestamp, zone::Zone};
use serde::{Deserialize, Serialize};

use super::Orders;
use crate::{error::Error, postgres::orders};

/// Which orders.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// Only those of this zone.
    pub zone: Option<Zone>,
    /// Only those in this status.
    pub status: Option<OrderStatus>,
}

/// A place in the list. It does not move when orders are added before it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Position {
    /// When the order at this place was added.
    #[serde(with = "timestamp")]
    pub added_at: DateTime<Utc>,
    /// Which order it is.
    pub order_id: OrderId,
}

impl From<&Order> for Position {
    fn from(order: &Order) -> Self {
        Self { added_at: order.added_at, order_id: order.order_id }
    }
}

impl Orders {
    /// At most `rows` orders behind a place, or from the beginning.
    ///
    /// # Errors
    /// The database.
    pub async fn list(&self, filter: &OrderFilter, after: Option<&Position>, rows: i64) -> Result<Vec<Order>, Error> {
        Ok(orders::list(&self.pool, filter, after, rows).await?)
    }
}
