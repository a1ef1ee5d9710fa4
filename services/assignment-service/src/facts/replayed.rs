//! Reading a part of the log to publish it again.

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    event::{Decoded, Event, decode},
    id::{EventId, OrderId},
    timestamp,
    zone::Zone,
};
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Facts, FactsError, log};

/// Which part of the log.
#[derive(Debug, Clone)]
pub struct ReplayFilter {
    /// Our own decisions, or what was consumed.
    pub kind: Kind,
    /// Recorded at this time or later.
    pub from: DateTime<Utc>,
    /// Recorded before this time.
    pub to: DateTime<Utc>,
    /// Only what is about orders or couriers of this zone.
    pub zone: Option<Zone>,
    /// Only what is about this order.
    pub order_id: Option<OrderId>,
    /// Up to this number.
    pub up_to: i64,
}

/// Where a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Assignments, and their ends: decided here.
    Decided,
    /// News of couriers, and what happened to orders: told by others. Wishes and what had no effect are left out.
    Consumed,
}

/// A line as the event that it was.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// Its number.
    pub seq: i64,
    /// Its id.
    pub event_id: EventId,
    /// The event, with its id and its time.
    pub event: Event,
}

#[derive(FromRow)]
struct Row {
    seq: i64,
    event_id: Uuid,
    r#type: String,
    payload: Value,
    occurred_at: DateTime<Utc>,
}

impl Facts {
    /// Up to which number every line is committed, or will never be.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn settled_up_to(&self) -> Result<i64, FactsError> {
        log::high_water(&mut *self.pool.acquire().await?).await
    }

    /// Some lines behind this number, in their order.
    ///
    /// # Errors
    /// PostgreSQL does not answer, or a line is none of today's formats.
    pub async fn replayed(&self, filter: &ReplayFilter, after: i64, most: i64) -> Result<Vec<Replayed>, FactsError> {
        let sql = match filter.kind {
            Kind::Decided => include_str!("sql/replay_decided.sql"),
            Kind::Consumed => include_str!("sql/replay_consumed.sql"),
        };
        let rows: Vec<Row> = sqlx::query_as(sql)
            .bind(filter.from)
            .bind(filter.to)
            .bind(filter.zone.as_ref().map(Zone::as_str))
            .bind(filter.order_id.map(|order| order.as_uuid()))
            .bind(after)
            .bind(filter.up_to)
            .bind(most)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(Replayed::try_from).collect()
    }
}

impl TryFrom<Row> for Replayed {
    type Error = FactsError;

    fn try_from(row: Row) -> Result<Self, FactsError> {
        let Row { seq, event_id, r#type, mut payload, occurred_at } = row;
        let unknown = |value: &Value| FactsError::Value { table: "event_log", value: value.to_string() };
        let Some(fields) = payload.as_object_mut() else { return Err(unknown(&payload)) };
        fields.insert("type".to_owned(), json!(r#type));
        fields.insert("eventId".to_owned(), json!(event_id));
        fields.insert("occurredAt".to_owned(), json!(timestamp::format(occurred_at)));
        match decode(&payload.to_string()) {
            Ok(Decoded::Event(event)) => Ok(Self { seq, event_id: event_id.into(), event }),
            Ok(Decoded::UnknownType(_)) | Err(_) => Err(unknown(&payload)),
        }
    }
}
