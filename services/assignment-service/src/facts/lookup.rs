//! Lookups of single facts.

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    order::OrderStatus,
    zone::Zone,
};
use sqlx::FromRow;
use trace::TraceParent;
use uuid::Uuid;

use super::{Facts, FactsError, couriers};

/// What is decided about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Which order.
    pub order_id: OrderId,
    /// Its zone.
    pub zone: Zone,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// Who has it.
    pub courier_id: Option<CourierId>,
    /// Since when.
    pub assigned_at: Option<DateTime<Utc>>,
    /// Open orders they had then.
    pub score: Option<u32>,
}

/// How loaded a courier is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourierLoad {
    /// Who.
    pub courier_id: CourierId,
    /// Their zone.
    pub zone: Zone,
    /// Whether they take orders now.
    pub is_available: bool,
    /// Orders now assigned to them.
    pub open_orders: u32,
    /// Most open orders at once.
    pub capacity: Option<u32>,
}

#[derive(FromRow)]
struct AssignmentRow {
    order_id: Uuid,
    zone: String,
    status: String,
    courier_id: Option<Uuid>,
    assigned_at: Option<DateTime<Utc>>,
    score: Option<i32>,
}

#[derive(FromRow)]
pub(super) struct LoadRow {
    courier_id: Uuid,
    zone: String,
    is_available: bool,
    capacity: Option<i32>,
    open_orders: i64,
}

impl TryFrom<LoadRow> for CourierLoad {
    type Error = FactsError;

    fn try_from(row: LoadRow) -> Result<Self, FactsError> {
        Ok(Self {
            courier_id: row.courier_id.into(),
            zone: couriers::zone(row.zone)?,
            is_available: row.is_available,
            open_orders: u32::try_from(row.open_orders).unwrap_or(u32::MAX),
            capacity: row.capacity.and_then(|capacity| u32::try_from(capacity).ok()),
        })
    }
}

impl Facts {
    /// The trace that an order came with.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn trace_of(&self, order_id: OrderId) -> Result<Option<TraceParent>, FactsError> {
        let query = sqlx::query_scalar::<_, String>(include_str!("sql/order_trace.sql")).bind(order_id.as_uuid());
        Ok(query.fetch_optional(&self.pool).await?.and_then(|trace| trace.parse().ok()))
    }

    /// What is decided about an order; nothing when it was not heard of.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn assignment(&self, order_id: OrderId) -> Result<Option<Assignment>, FactsError> {
        let query = sqlx::query_as::<_, AssignmentRow>(include_str!("sql/assignment.sql"));
        let Some(row) = query.bind(order_id.as_uuid()).fetch_optional(&self.pool).await? else { return Ok(None) };
        let status = row.status.parse().map_err(|_| FactsError::Value { table: "orders", value: row.status })?;
        Ok(Some(Assignment {
            order_id: row.order_id.into(),
            zone: couriers::zone(row.zone)?,
            status,
            courier_id: row.courier_id.map(CourierId::from),
            assigned_at: row.assigned_at,
            score: row.score.and_then(|score| u32::try_from(score).ok()),
        }))
    }

    /// How loaded a courier is; nothing when they were not heard of.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn courier_load(&self, courier_id: CourierId) -> Result<Option<CourierLoad>, FactsError> {
        let query = sqlx::query_as::<_, LoadRow>(include_str!("sql/courier_load.sql"));
        let Some(row) = query.bind(courier_id.as_uuid()).fetch_optional(&self.pool).await? else { return Ok(None) };
        CourierLoad::try_from(row).map(Some)
    }

    /// Whether an event named the zone.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn knows_zone(&self, zone: &Zone) -> Result<bool, FactsError> {
        let query = sqlx::query_scalar(include_str!("sql/zone_exists.sql"));
        Ok(query.bind(zone.as_str()).fetch_one(&self.pool).await?)
    }

    /// What an id is of: `orders` or `couriers`, and which of them. The id of an event that was heard of lately stands for what it
    /// is about.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn what_is(&self, id: Uuid) -> Result<Option<(String, Uuid)>, FactsError> {
        Ok(sqlx::query_as(include_str!("sql/what_is.sql")).bind(id).fetch_optional(&self.pool).await?)
    }
}
