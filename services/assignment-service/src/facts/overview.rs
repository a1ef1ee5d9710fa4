//! How all zones are together, and which are worst.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Facts, FactsError};

/// How much there is of everything.
#[derive(Debug, Clone, FromRow)]
pub struct Totals {
    /// Zones that were heard of.
    pub zones: i64,
    /// Couriers who take orders now.
    pub available_couriers: i64,
    /// Orders that are with a courier.
    pub open_orders: i64,
    /// Orders that wait.
    pub waiting_orders: i64,
    /// Since when the oldest of them does.
    pub waiting_since: Option<DateTime<Utc>>,
}

/// A zone as a dispatcher looks at it.
#[derive(Debug, Clone, FromRow)]
pub struct ZoneState {
    /// Which.
    pub zone: String,
    /// Orders that wait.
    pub waiting_orders: i64,
    /// Since when the oldest of them does.
    pub waiting_since: Option<DateTime<Utc>>,
    /// All couriers.
    pub couriers: i64,
    /// Those who take orders now.
    pub available_couriers: i64,
    /// Orders of the zone that are with a courier.
    pub open_orders: i64,
    /// Open orders of whoever has the fewest of those who take orders now.
    pub least_open: Option<i64>,
    /// Open orders of whoever has the most of them.
    pub most_open: Option<i64>,
}

impl Facts {
    /// How much there is of everything.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn totals(&self) -> Result<Totals, FactsError> {
        Ok(sqlx::query_as(include_str!("sql/totals.sql")).fetch_one(&self.pool).await?)
    }

    /// Zones, the worst first.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn worst_zones(&self, pass_over: i64, most: i64) -> Result<Vec<ZoneState>, FactsError> {
        let query = sqlx::query_as(include_str!("sql/worst_zones.sql"));
        Ok(query.bind(pass_over).bind(most).fetch_all(&self.pool).await?)
    }
}
