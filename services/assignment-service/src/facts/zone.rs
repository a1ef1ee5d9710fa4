//! A zone as a whole: what Redis is filled from, and which zones there are.

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    zone::Zone,
};
use sqlx::{FromRow, Postgres, Transaction};
use uuid::Uuid;

use super::{Facts, FactsError, couriers};
use crate::domain::{
    courier::{Courier, ZoneEntry},
    order::rank,
    settlement::Update,
};

/// Everything that Redis has to know of a zone.
#[derive(Debug, Default)]
pub struct ZoneFacts {
    /// Its couriers, who has waited longest first.
    pub couriers: Vec<ZoneEntry>,
    /// Who has which order.
    pub orders: Vec<(OrderId, CourierId)>,
    /// Waiting orders and their ranks.
    pub waiting: Vec<(OrderId, f64)>,
}

/// A zone that was heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneInUse {
    /// Which.
    pub zone: Zone,
    /// Whether an order waits there.
    pub waiting: bool,
}

#[derive(FromRow)]
struct WaitingRow {
    order_id: Uuid,
    priority: i16,
    added_at: DateTime<Utc>,
}

impl WaitingRow {
    fn rank(&self) -> f64 {
        rank(u8::try_from(self.priority).unwrap_or(0), self.added_at)
    }
}

impl Facts {
    /// Begins a transaction that alone may load the zone, as long as it lasts; waits for whoever loads it now.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn lock_zone(&self, zone: &Zone) -> Result<Transaction<'static, Postgres>, FactsError> {
        let mut transaction = self.begin().await?;
        sqlx::query(include_str!("sql/lock_zone.sql")).bind(zone.as_str()).execute(&mut *transaction).await?;
        Ok(transaction)
    }

    /// Everything of a zone, as of one moment.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn zone(&self, zone: &Zone) -> Result<ZoneFacts, FactsError> {
        let mut snapshot = self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let couriers: Vec<couriers::Row> =
            sqlx::query_as(include_str!("sql/zone_couriers.sql")).bind(zone.as_str()).fetch_all(&mut *snapshot).await?;
        let orders: Vec<(Uuid, Uuid)> = sqlx::query_as(include_str!("sql/zone_open_orders.sql"))
            .bind(zone.as_str())
            .fetch_all(&mut *snapshot)
            .await?;
        let waiting: Vec<WaitingRow> = sqlx::query_as(include_str!("sql/zone_waiting_orders.sql"))
            .bind(zone.as_str())
            .fetch_all(&mut *snapshot)
            .await?;
        snapshot.commit().await?;
        let entry = |row| Courier::try_from(row).map(|courier| courier.entry_in(zone));
        Ok(ZoneFacts {
            couriers: couriers.into_iter().map(entry).collect::<Result<_, _>>()?,
            orders: orders.into_iter().map(|(order, courier)| (order.into(), courier.into())).collect(),
            waiting: waiting.into_iter().map(|row| (row.order_id.into(), row.rank())).collect(),
        })
    }

    /// What the front of the line has to be in Redis.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn front_of_line(&self, zone: &Zone, most: i64) -> Result<Vec<Update>, FactsError> {
        let query = sqlx::query_as::<_, WaitingRow>(include_str!("sql/zone_line.sql"));
        let rows = query.bind(zone.as_str()).bind(most).fetch_all(&self.pool).await?;
        let update = |row: WaitingRow| Update::Await {
            zone: zone.clone(),
            order_id: row.order_id.into(),
            rank: row.rank(),
            picked: None,
        };
        Ok(rows.into_iter().map(update).collect())
    }

    /// A page of the zones that were heard of, in the order of their names.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn zones(&self, after: Option<&Zone>, most: u32) -> Result<Vec<ZoneInUse>, FactsError> {
        let query = sqlx::query_as::<_, (String, bool)>(include_str!("sql/zones.sql"));
        let rows = query.bind(after.map_or("", Zone::as_str)).bind(i64::from(most)).fetch_all(&self.pool).await?;
        rows.into_iter().map(|(zone, waiting)| Ok(ZoneInUse { zone: couriers::zone(zone)?, waiting })).collect()
    }
}
