//! How fast orders were assigned lately, by all instances.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Facts, FactsError};

/// What one instance assigned in one stretch of time.
#[derive(Debug, Clone, FromRow)]
pub struct PaceRow {
    /// When the stretch began.
    pub started_at: DateTime<Utc>,
    /// How many.
    pub assigned: i32,
    /// How many by classes of latency.
    pub latencies: Vec<i32>,
}

impl Facts {
    /// Adds what an instance assigned, and drops what began before `old`.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn add_pace(&self, instance: &str, pace: &PaceRow, old: DateTime<Utc>) -> Result<(), FactsError> {
        sqlx::query(include_str!("sql/add_pace.sql"))
            .bind(pace.started_at)
            .bind(instance)
            .bind(pace.assigned)
            .bind(&pace.latencies)
            .bind(old)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// What was assigned since then, the oldest first.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn paces(&self, since: DateTime<Utc>) -> Result<Vec<PaceRow>, FactsError> {
        Ok(sqlx::query_as(include_str!("sql/paces.sql")).bind(since).fetch_all(&self.pool).await?)
    }
}
