//! A zone as a whole: what Redis is filled from, and which zones there are.

use chrono::{DateTime, TimeDelta, Utc};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    zone::Zone,
};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{
    Facts, FactsError, couriers,
    orders::{self, StandingRow},
};
use crate::domain::{
    courier::{Courier, ZoneEntry},
    order::{Standing, rank},
    policy::Window,
    settlement::{Former, Update},
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
    /// Who declined which open order, and when.
    pub declined: Vec<(OrderId, CourierId, DateTime<Utc>)>,
    /// Who was given an order lately, and when; the oldest first. Only where there is a window.
    pub recent: Vec<(CourierId, DateTime<Utc>)>,
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

async fn recent(
    snapshot: &mut PgConnection,
    zone: &Zone,
    window: Window,
    now: DateTime<Utc>,
) -> Result<Vec<(CourierId, DateTime<Utc>)>, FactsError> {
    let since = now - TimeDelta::from_std(window.length).unwrap_or(TimeDelta::MAX);
    let rows: Vec<(Uuid, DateTime<Utc>)> = sqlx::query_as(include_str!("sql/zone_recent.sql"))
        .bind(zone.as_str())
        .bind(i64::from(window.most))
        .bind(since)
        .bind(now)
        .fetch_all(snapshot)
        .await?;
    Ok(rows.into_iter().map(|(courier, at)| (courier.into(), at)).collect())
}

impl Facts {
    /// Everything of a zone, as of one moment; assignments within the window, if there is one.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn zone(&self, zone: &Zone, window: Option<Window>, now: DateTime<Utc>) -> Result<ZoneFacts, FactsError> {
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
        let declined: Vec<(Uuid, Uuid, DateTime<Utc>)> =
            sqlx::query_as(include_str!("sql/zone_declines.sql")).bind(zone.as_str()).fetch_all(&mut *snapshot).await?;
        let recent = match window {
            Some(window) => recent(&mut snapshot, zone, window, now).await?,
            None => Vec::new(),
        };
        snapshot.commit().await?;
        let entry = |row| Courier::try_from(row).map(|courier| courier.entry_in(zone));
        Ok(ZoneFacts {
            couriers: couriers.into_iter().map(entry).collect::<Result<_, _>>()?,
            orders: orders.into_iter().map(|(order, courier)| (order.into(), courier.into())).collect(),
            waiting: waiting.iter().map(|row| (row.order_id.into(), row.rank())).collect(),
            declined: declined.into_iter().map(|(order, courier, at)| (order.into(), courier.into(), at)).collect(),
            recent,
        })
    }

    /// What the front of the line has to be in Redis.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn front_of_line(&self, zone: &Zone, most: i64) -> Result<Vec<Update>, FactsError> {
        let query = sqlx::query_as::<_, StandingRow>(include_str!("sql/zone_line.sql"));
        let rows = query.bind(zone.as_str()).bind(most).fetch_all(&self.pool).await?;
        let update = |row: StandingRow| Update::Await {
            zone: zone.clone(),
            order_id: row.order_id.into(),
            line: row.line(),
            former: Former::Pick(None),
        };
        Ok(rows.into_iter().map(update).collect())
    }

    /// A page of the zone's couriers, by their ids.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn couriers_of(
        &self,
        zone: &Zone,
        after: Option<CourierId>,
        most: u32,
    ) -> Result<Vec<Courier>, FactsError> {
        let mut connection = self.pool.acquire().await?;
        let ids: Vec<Uuid> = sqlx::query_scalar(include_str!("sql/zone_couriers_page.sql"))
            .bind(zone.as_str())
            .bind(after.map(|courier| courier.as_uuid()))
            .bind(i64::from(most))
            .fetch_all(&mut *connection)
            .await?;
        let mut couriers = couriers::read(&mut connection, &ids).await?;
        couriers.sort_by_key(|courier| courier.courier_id);
        Ok(couriers)
    }

    /// A page of the zone's orders that have not ended, by their ids, and how they stand.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn open_orders_of(
        &self,
        zone: &Zone,
        after: Option<OrderId>,
        most: u32,
    ) -> Result<Vec<(OrderId, Standing)>, FactsError> {
        let rows: Vec<StandingRow> = sqlx::query_as(include_str!("sql/zone_orders_page.sql"))
            .bind(zone.as_str())
            .bind(after.map(|order| order.as_uuid()))
            .bind(i64::from(most))
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(|row| Ok((row.order_id.into(), row.standing(zone)?))).collect()
    }

    /// Those of the orders that have ended, or are not of the zone that goes with them.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn not_open(&self, asked: &[(&Zone, OrderId)]) -> Result<Vec<OrderId>, FactsError> {
        let standings = orders::standings(&mut *self.pool.acquire().await?, asked).await?;
        let is_open = |standing: &Standing| matches!(standing, Standing::Assigned(_) | Standing::Pending(_));
        let closed = asked.iter().zip(standings).filter(|(_, standing)| !is_open(standing));
        Ok(closed.map(|((_, order), _)| *order).collect())
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
