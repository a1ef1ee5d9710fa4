//! The event log: every consumed event and every decision, append-only.

use chrono::{DateTime, Utc};
use dispatch_contracts::{event::Payload, id::EventId};
use events::Incoming;
use sqlx::PgConnection;

use super::{Facts, FactsError};

/// A line of the log.
pub(super) struct Entry<'a> {
    pub(super) event_id: EventId,
    pub(super) payload: &'a Payload,
    /// Where it came from; nothing for our own decisions.
    pub(super) message_id: Option<&'a str>,
    pub(super) occurred_at: DateTime<Utc>,
}

impl<'a> From<&'a Incoming> for Entry<'a> {
    fn from(event: &'a Incoming) -> Self {
        Self {
            event_id: event.event_id,
            payload: &event.payload,
            message_id: Some(&event.message_id),
            occurred_at: event.version.at,
        }
    }
}

/// Appends, and remembers the zones that the events name.
pub(super) async fn append(transaction: &mut PgConnection, entries: &[Entry<'_>]) -> Result<(), FactsError> {
    if entries.is_empty() {
        return Ok(());
    }
    let payloads = entries.iter().map(|entry| serde_json::to_value(entry.payload)).collect::<Result<Vec<_>, _>>();
    let payloads = payloads.map_err(|error| sqlx::Error::Encode(error.into()))?;
    let mut zones: Vec<&str> = entries.iter().filter_map(|entry| Some(entry.payload.zone()?.as_str())).collect();
    zones.sort_unstable();
    zones.dedup();
    sqlx::query(include_str!("sql/insert_zones.sql")).bind(&zones).execute(&mut *transaction).await?;
    let column = |read: fn(&Entry<'_>) -> Option<uuid::Uuid>| entries.iter().map(read).collect::<Vec<_>>();
    sqlx::query(include_str!("sql/append_log.sql"))
        .bind(column(|entry| Some(entry.event_id.as_uuid())))
        .bind(entries.iter().map(|entry| entry.payload.type_name()).collect::<Vec<_>>())
        .bind(column(|entry| Some(entry.payload.order_id()?.as_uuid())))
        .bind(column(|entry| Some(entry.payload.courier_id()?.as_uuid())))
        .bind(entries.iter().map(|entry| Some(entry.payload.zone()?.as_str())).collect::<Vec<_>>())
        .bind(payloads)
        .bind(entries.iter().map(|entry| entry.message_id).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.occurred_at).collect::<Vec<_>>())
        .execute(transaction)
        .await?;
    Ok(())
}

impl Facts {
    /// Appends events that nothing else follows from.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn log(&self, events: &[&Incoming]) -> Result<(), FactsError> {
        if events.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        let entries: Vec<_> = events.iter().map(|event| Entry::from(*event)).collect();
        append(&mut transaction, &entries).await?;
        Ok(transaction.commit().await?)
    }
}
