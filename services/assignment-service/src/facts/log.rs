//! The event log: every consumed event and every decision, append-only.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    event::Payload,
    id::{CourierId, EventId, OrderId},
    zone::Zone,
};
use events::Incoming;
use serde_json::Value;
use sqlx::PgConnection;

use super::{Facts, FactsError};
use crate::domain::pick::Inputs;

/// A line of the log.
pub(super) struct Entry<'a> {
    pub(super) event_id: EventId,
    pub(super) r#type: &'static str,
    pub(super) order_id: Option<OrderId>,
    pub(super) courier_id: Option<CourierId>,
    pub(super) zone: Option<&'a Zone>,
    /// What it says.
    pub(super) payload: Value,
    /// Where it came from; nothing for our own decisions, and for commands.
    pub(super) message_id: Option<&'a str>,
    pub(super) occurred_at: DateTime<Utc>,
    /// What a decision was based on.
    pub(super) inputs: Option<Value>,
}

impl<'a> Entry<'a> {
    fn new(event_id: EventId, occurred_at: DateTime<Utc>, payload: &'a Payload, message_id: Option<&'a str>) -> Self {
        Self {
            event_id,
            r#type: payload.type_name(),
            order_id: payload.order_id(),
            courier_id: payload.courier_id(),
            zone: payload.zone(),
            // Strings, numbers and booleans under fixed keys: there is nothing in it that could fail.
            payload: serde_json::to_value(payload).unwrap_or_default(),
            message_id,
            occurred_at,
            inputs: None,
        }
    }

    /// A decision of our own, and what it was based on.
    pub(super) fn decision(event_id: EventId, at: DateTime<Utc>, payload: &'a Payload, inputs: Option<Inputs>) -> Self {
        let inputs = inputs.and_then(|inputs| serde_json::to_value(inputs).ok());
        Self { inputs, ..Self::new(event_id, at, payload, None) }
    }
}

impl<'a> From<&'a Incoming> for Entry<'a> {
    fn from(event: &'a Incoming) -> Self {
        Self::new(event.event_id, event.version.at, &event.payload, Some(&event.message_id))
    }
}

/// Remembers the zones that the events name.
pub(super) async fn hear_of_zones(transaction: &mut PgConnection, entries: &[Entry<'_>]) -> Result<(), FactsError> {
    let mut zones: Vec<&str> = entries.iter().filter_map(|entry| Some(entry.zone?.as_str())).collect();
    zones.sort_unstable();
    zones.dedup();
    sqlx::query(include_str!("sql/insert_zones.sql")).bind(&zones).execute(transaction).await?;
    Ok(())
}

/// Events by their ids and orders: whoever injects one id for two orders says two things.
pub(super) type New = HashSet<(EventId, Option<OrderId>)>;

/// Appends behind the locks on what the events are about, so that of these what took effect first stands first. Answers which
/// of them are new.
pub(super) async fn append(transaction: &mut PgConnection, entries: &[Entry<'_>]) -> Result<New, FactsError> {
    if entries.is_empty() {
        return Ok(New::new());
    }
    sqlx::query(include_str!("sql/mark_log.sql")).execute(&mut *transaction).await?;
    let column = |read: fn(&Entry<'_>) -> Option<uuid::Uuid>| entries.iter().map(read).collect::<Vec<_>>();
    let new: Vec<(uuid::Uuid, Option<uuid::Uuid>)> = sqlx::query_as(include_str!("sql/append_log.sql"))
        .bind(column(|entry| Some(entry.event_id.as_uuid())))
        .bind(entries.iter().map(|entry| entry.r#type).collect::<Vec<_>>())
        .bind(column(|entry| Some(entry.order_id?.as_uuid())))
        .bind(column(|entry| Some(entry.courier_id?.as_uuid())))
        .bind(entries.iter().map(|entry| Some(entry.zone?.as_str())).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| &entry.payload).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.message_id).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.occurred_at).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.inputs.as_ref()).collect::<Vec<_>>())
        .fetch_all(transaction)
        .await?;
    Ok(new.into_iter().map(|(event_id, order_id)| (event_id.into(), order_id.map(OrderId::from))).collect())
}

/// Up to which number the log is settled: what is read up to there never changes.
pub(super) async fn high_water(connection: &mut PgConnection) -> Result<i64, FactsError> {
    let last: i64 = sqlx::query_scalar(include_str!("sql/last_number.sql")).fetch_one(&mut *connection).await?;
    Ok(sqlx::query_scalar(include_str!("sql/high_water.sql")).bind(last).fetch_one(connection).await?)
}

impl Facts {
    /// Appends events that nothing else follows from, behind the locks of their orders: the lines of one order are written one
    /// after the other.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn log(&self, events: &[&Incoming]) -> Result<(), FactsError> {
        if events.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        let entries: Vec<_> = events.iter().map(|event| Entry::from(*event)).collect();
        hear_of_zones(&mut transaction, &entries).await?;
        let orders: Vec<_> = entries.iter().filter_map(|entry| Some(entry.order_id?.as_uuid())).collect();
        sqlx::query(include_str!("sql/hold_orders.sql")).bind(orders).execute(&mut *transaction).await?;
        append(&mut transaction, &entries).await?;
        Ok(transaction.commit().await?)
    }
}
