//! What explains the system to people: decisions with their reasons, zones with their counts, the event log.

use chrono::{DateTime, TimeDelta, Utc};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    zone::Zone,
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{CourierLoad, Facts, FactsError, log, lookup::LoadRow};
use crate::domain::policy::Policy;

/// The decision about an order, and what it was based on.
#[derive(Debug, Clone, FromRow)]
pub struct DecisionRow {
    /// Which order.
    pub order_id: Uuid,
    /// Its zone.
    pub zone: String,
    /// 0 to 9.
    pub priority: i16,
    /// Since when it waits, or waited.
    pub added_at: DateTime<Utc>,
    /// Where it is in its life.
    pub status: String,
    /// Who has it.
    pub courier_id: Option<Uuid>,
    /// Since when.
    pub assigned_at: Option<DateTime<Utc>>,
    /// Open orders of the chosen then.
    pub score: Option<i32>,
    /// Why they got it, where it was not simply their turn.
    pub cause: Option<String>,
    /// Who would have been next.
    pub runner_up: Option<Uuid>,
    /// How many could have taken it.
    pub candidates: Option<i32>,
    /// While it waits: its place in line, from 1.
    pub place: Option<i64>,
    /// While it waits: available couriers of the zone.
    pub available: Option<i64>,
    /// While it waits: those of them who have as many orders as they take.
    pub full_up: Option<i64>,
    /// While it waits: those who are not full and declined it of late.
    pub declined: Option<i64>,
    /// While it waits: those who are not full, have not declined it, and got as many orders as a window allows.
    pub resting: Option<i64>,
}

/// A zone with its counts.
#[derive(Debug, Clone, FromRow)]
pub struct ZoneRow {
    /// Which.
    pub zone: String,
    /// Who takes orders there now.
    pub available_couriers: i64,
    /// Orders that wait.
    pub waiting_orders: i64,
    /// Orders that are with a courier.
    pub open_orders: i64,
}

/// An order that waits.
#[derive(Debug, Clone, FromRow)]
pub struct LineRow {
    /// Which.
    pub order_id: Uuid,
    /// 0 to 9.
    pub priority: i16,
    /// Since when.
    pub added_at: DateTime<Utc>,
}

/// A line of the event log.
#[derive(Debug, Clone, FromRow)]
pub struct LogRow {
    /// Its number: of what is about one order, later lines have greater ones.
    pub seq: i64,
    /// The event.
    pub event_id: Uuid,
    /// Its type.
    pub r#type: String,
    /// The order it is about.
    pub order_id: Option<Uuid>,
    /// The courier it is about.
    pub courier_id: Option<Uuid>,
    /// The zone it names.
    pub zone: Option<String>,
    /// What it says.
    pub payload: serde_json::Value,
    /// The broker's id of the message that brought it; nothing for our own decisions.
    pub source_message_id: Option<String>,
    /// What a decision was based on.
    pub inputs: Option<serde_json::Value>,
    /// The process that wrote it.
    pub recorded_by: String,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was written.
    pub recorded_at: DateTime<Utc>,
}

/// Which lines of the event log.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogFilter {
    /// Only those about this order.
    pub order_id: Option<OrderId>,
    /// Only those about this courier.
    pub courier_id: Option<CourierId>,
}

impl Facts {
    /// The decision about an order, or why there is none under this policy; nothing when it was not heard of.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn decision(
        &self,
        order_id: OrderId,
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Result<Option<DecisionRow>, FactsError> {
        let before = |length| now - TimeDelta::from_std(length).unwrap_or(TimeDelta::zero());
        let query = sqlx::query_as(include_str!("sql/decision.sql"))
            .bind(order_id.as_uuid())
            .bind(before(policy.decline_ttl))
            .bind(policy.window.map(|window| i64::from(window.most)))
            .bind(policy.window.map(|window| before(window.length)))
            .bind(now);
        Ok(query.fetch_optional(&self.pool).await?)
    }

    /// A page of zones, by name.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn list_zones(&self, after: Option<&Zone>, rows: i64) -> Result<Vec<ZoneRow>, FactsError> {
        let query = sqlx::query_as(include_str!("sql/list_zones.sql"));
        Ok(query.bind(after.map_or("", Zone::as_str)).bind(rows).fetch_all(&self.pool).await?)
    }

    /// A zone with its counts; nothing when it was not heard of.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn zone_counts(&self, zone: &Zone) -> Result<Option<ZoneRow>, FactsError> {
        let query = sqlx::query_as(include_str!("sql/zone_counts.sql"));
        Ok(query.bind(zone.as_str()).fetch_optional(&self.pool).await?)
    }

    /// Couriers of a zone: who takes orders first, then by score, then who has waited longest.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn couriers_by_score(
        &self,
        zone: &Zone,
        pass_over: i64,
        most: i64,
    ) -> Result<Vec<CourierLoad>, FactsError> {
        let query = sqlx::query_as::<_, LoadRow>(include_str!("sql/zone_by_score.sql"));
        let couriers = query.bind(zone.as_str()).bind(most).bind(pass_over).fetch_all(&self.pool).await?;
        couriers.into_iter().map(CourierLoad::try_from).collect()
    }

    /// The front of a zone's line.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn zone_line(&self, zone: &Zone, most: i64) -> Result<Vec<LineRow>, FactsError> {
        let query = sqlx::query_as(include_str!("sql/zone_line.sql"));
        Ok(query.bind(zone.as_str()).bind(most).fetch_all(&self.pool).await?)
    }

    /// A page of the event log, oldest first, as far as it is settled: whoever goes on behind the last line misses nothing. The
    /// lines of one order are written one after the other, so these are there as soon as they are committed.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn events(&self, filter: LogFilter, after: i64, rows: i64) -> Result<Vec<LogRow>, FactsError> {
        let mut connection = self.pool.acquire().await?;
        let settled = if filter.order_id.is_some() { i64::MAX } else { log::high_water(&mut connection).await? };
        let query = sqlx::query_as(include_str!("sql/events.sql"))
            .bind(filter.order_id.map(|order| order.as_uuid()))
            .bind(filter.courier_id.map(|courier| courier.as_uuid()));
        Ok(query.bind(after).bind(settled).bind(rows).fetch_all(&mut *connection).await?)
    }
}
