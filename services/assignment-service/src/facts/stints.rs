//! A courier's work: which orders were with them, from when until when.

use chrono::{DateTime, Utc};
use dispatch_contracts::id::CourierId;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Facts, FactsError};

/// A time that an order was with a courier.
#[derive(Debug, Clone, FromRow)]
pub struct Stint {
    /// Which order.
    pub order_id: Uuid,
    /// From when.
    pub since: DateTime<Utc>,
    /// Until when; nothing while it lasts.
    pub until: Option<DateTime<Utc>>,
    /// The type of the event that ended it.
    pub ended_by: Option<String>,
    /// Where the order is in its life now.
    pub status: String,
}

impl Facts {
    /// The latest, those that last first, then the latest first.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn stints(&self, courier_id: CourierId, most: i64) -> Result<Vec<Stint>, FactsError> {
        let query = sqlx::query_as(include_str!("sql/stints.sql"));
        Ok(query.bind(courier_id.as_uuid()).bind(most).fetch_all(&self.pool).await?)
    }
}
