//! What waits, zone by zone, and which zones there are: for metrics.

use dispatch_contracts::zone::Zone;

use super::{Facts, FactsError, couriers};

/// The orders of a zone that wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Backlog {
    /// The zone.
    pub zone: Zone,
    /// How many.
    pub orders: u64,
    /// For how many seconds the oldest has waited: since it came, or since the last that happened to it.
    pub oldest_seconds: f64,
}

impl Facts {
    /// The zones in which any order waits.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn backlog(&self) -> Result<Vec<Backlog>, FactsError> {
        let rows: Vec<(String, i64, f64)> =
            sqlx::query_as(include_str!("sql/backlog.sql")).fetch_all(&self.pool).await?;
        let backlog = |(zone, orders, oldest_seconds): (String, i64, f64)| {
            Ok(Backlog { zone: couriers::zone(zone)?, orders: orders.unsigned_abs(), oldest_seconds })
        };
        rows.into_iter().map(backlog).collect()
    }

    /// The zones that were heard of first.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn zone_names(&self, most: u32) -> Result<Vec<Zone>, FactsError> {
        let query = sqlx::query_scalar::<_, String>(include_str!("sql/zone_names.sql"));
        let names = query.bind(i64::from(most)).fetch_all(&self.pool).await?;
        names.into_iter().map(couriers::zone).collect()
    }
}
