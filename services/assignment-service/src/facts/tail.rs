//! The end of the event log, for who looks at what happens now.

use dispatch_contracts::{
    id::{CourierId, OrderId},
    zone::Zone,
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Facts, FactsError, LogRow, log};

/// How many of the newest lines are searched where no index helps.
pub const SEARCHED: i64 = 20_000;

/// What a line of the log is about.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Touch {
    /// Its number.
    pub seq: i64,
    /// The event's type.
    pub r#type: String,
    /// The order it is about.
    pub order_id: Option<Uuid>,
    /// The courier it is about.
    pub courier_id: Option<Uuid>,
    /// The zone it names.
    pub zone: Option<String>,
}

/// Which of the newest lines.
#[derive(Debug, Clone, Default)]
pub struct RecentFilter {
    /// Only those about this order.
    pub order_id: Option<OrderId>,
    /// Only those about this courier.
    pub courier_id: Option<CourierId>,
    /// Only those that name this zone.
    pub zone: Option<Zone>,
    /// Only those of this type.
    pub r#type: Option<&'static str>,
}

impl Facts {
    /// Up to which number the log is settled: what is read up to there never changes.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn settled(&self) -> Result<i64, FactsError> {
        log::high_water(&mut *self.pool.acquire().await?).await
    }

    /// What the newest of the lines behind `after` are about, the newest first.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn touches(&self, after: i64, settled: i64, most: usize) -> Result<Vec<Touch>, FactsError> {
        let query = sqlx::query_as(include_str!("sql/touches.sql")).bind(after).bind(settled);
        Ok(query.bind(i64::try_from(most).unwrap_or(i64::MAX)).fetch_all(&self.pool).await?)
    }

    /// The newest lines, the newest first. Those of an order or a courier are found however old they are, others among the
    /// newest [`SEARCHED`].
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn recent(&self, filter: &RecentFilter, most: i64) -> Result<Vec<LogRow>, FactsError> {
        let mut connection = self.pool.acquire().await?;
        let settled = log::high_water(&mut connection).await?;
        let is_indexed = filter.order_id.is_some() || filter.courier_id.is_some();
        let query = sqlx::query_as(include_str!("sql/recent_events.sql"))
            .bind(filter.order_id.map(|order| order.as_uuid()))
            .bind(filter.courier_id.map(|courier| courier.as_uuid()))
            .bind(filter.zone.as_ref().map(Zone::as_str))
            .bind(filter.r#type)
            .bind(if is_indexed { 0 } else { (settled - SEARCHED).max(0) })
            .bind(settled);
        Ok(query.bind(most).fetch_all(&mut *connection).await?)
    }
}
