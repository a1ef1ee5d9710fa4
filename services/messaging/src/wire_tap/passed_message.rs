//! A message that passed through a queue, as the table has it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Row as _, postgres::PgRow, types::Json};

use crate::Outcome;

pub(super) const DONE: &str = "done";
pub(super) const RETRIED: &str = "retried";
pub(super) const QUARANTINED: &str = "quarantined";

/// A message that passed, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedMessage {
    /// Its number among all that passed through the queue, kept or not; the greater, the later.
    pub number: u64,
    /// The id by which its consumer knows it.
    pub message_id: String,
    /// The event's type, or [`UNKNOWN`](crate::message::UNKNOWN).
    pub kind: String,
    /// The body as it lay in the queue, of which the first 64 KiB are kept.
    pub body: String,
    /// Bytes of the whole body.
    pub size: u32,
    /// Not all of its body or of its attributes is here.
    pub is_cut: bool,
    /// Its attributes that are text, by name; also those of the envelope in its body.
    pub attributes: BTreeMap<String, String>,
    /// When it was first sent.
    pub sent_at: DateTime<Utc>,
    /// When it was settled.
    pub passed_at: DateTime<Utc>,
    /// How often it had been received by then.
    pub receive_count: u32,
    /// What became of it.
    pub outcome: Outcome,
    /// The process that settled it.
    pub passed_by: String,
    /// How many passed after it and before the next newer one, or until now if it is the newest, that were not kept. Between
    /// processes this is exact to within one write.
    pub skipped_after: u64,
}

impl FromRow<'_, PgRow> for PassedMessage {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let count = |name: &str| Ok::<_, sqlx::Error>(row.try_get::<i64, _>(name)?.unsigned_abs());
        let small = |name: &str| Ok::<_, sqlx::Error>(row.try_get::<i32, _>(name)?.unsigned_abs());
        let Json(attributes) = row.try_get("attributes")?;
        Ok(Self {
            number: count("number")?,
            message_id: row.try_get("message_id")?,
            kind: row.try_get("kind")?,
            body: row.try_get("body")?,
            size: small("size")?,
            is_cut: row.try_get("is_cut")?,
            attributes,
            sent_at: row.try_get("sent_at")?,
            passed_at: row.try_get("passed_at")?,
            receive_count: small("receive_count")?,
            outcome: outcome(row)?,
            passed_by: row.try_get("passed_by")?,
            skipped_after: count("skipped_after")?,
        })
    }
}

fn outcome(row: &PgRow) -> Result<Outcome, sqlx::Error> {
    let reason = row.try_get::<Option<String>, _>("reason")?.unwrap_or_default();
    match row.try_get("outcome")? {
        DONE => Ok(Outcome::Done),
        RETRIED => Ok(Outcome::Retry(reason)),
        QUARANTINED => Ok(Outcome::Quarantine(reason)),
        other => {
            let source = format!("there is no outcome {other}").into();
            Err(sqlx::Error::ColumnDecode { index: "outcome".to_owned(), source })
        }
    }
}
