//! The transactional outbox: what a transaction wants published is a row of that transaction.
//!
//! Rows are published by the [`relay`] alone, so there is one way out: woken at once after a commit, and at an
//! interval for what a crash left behind. A row is locked while it is being published, so that two instances do not
//! publish it twice for nothing, and deleted when SNS has it. After a crash between the two it is published again
//! with the same `eventId`.
//!
//! How many rows wait is measured beside it ([`Outbox::waiting`]), for whoever may refuse to add to them.

mod backlog;
pub mod relay;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, migrate::Migrator};
use tokio::sync::Notify;
use uuid::Uuid;

pub use self::relay::Relay;
use trace::TraceParent;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// A service's own migrations with those of this crate before them, which have the numbers below 100.
#[must_use]
pub fn with_migrations(own: &Migrator) -> Migrator {
    let mut all = Migrator::with_migrations(MIGRATIONS.iter().chain(own.iter()).cloned().collect());
    // A newer version may have migrated further: this one still runs, beside it or after a step back.
    all.set_ignore_missing(true);
    all
}

/// An event to be published once its transaction has committed.
#[derive(Debug, Clone)]
pub struct OutboxEvent {
    /// Its id; consumers know a repetition by it.
    pub event_id: Uuid,
    /// Its type, for the attribute `eventType`.
    pub event_type: &'static str,
    /// The payload, JSON.
    pub payload: String,
    /// The trace that it belongs to, for the attribute `traceparent`.
    pub trace: TraceParent,
    /// When what caused it happened: how long it takes until it is published is measured from then.
    pub caused_at: Option<DateTime<Utc>>,
}

/// Where a service puts what it publishes: rows for one topic.
#[derive(Debug, Clone)]
pub struct Outbox {
    topic_arn: String,
    committed: Arc<Notify>,
    waiting: Arc<AtomicU64>,
}

impl Outbox {
    /// An outbox towards one topic.
    #[must_use]
    pub fn new(topic_arn: String) -> Self {
        Self { topic_arn, committed: Arc::new(Notify::new()), waiting: Arc::default() }
    }

    /// Adds events to the transaction that the connection is in; an event that is there already stays as it is.
    ///
    /// # Errors
    /// PostgreSQL did not answer, or refused.
    pub async fn enqueue(&self, transaction: &mut PgConnection, events: &[OutboxEvent]) -> Result<(), sqlx::Error> {
        if events.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = events.iter().map(|event| event.event_id).collect();
        let types: Vec<&str> = events.iter().map(|event| event.event_type).collect();
        let payloads: Vec<&str> = events.iter().map(|event| event.payload.as_str()).collect();
        let traces: Vec<String> = events.iter().map(|event| event.trace.to_string()).collect();
        sqlx::query(include_str!("outbox/enqueue.sql"))
            .bind(&self.topic_arn)
            .bind(ids)
            .bind(types)
            .bind(payloads)
            .bind(traces)
            .bind(events.iter().map(|event| event.caused_at).collect::<Vec<_>>())
            .execute(transaction)
            .await
            .map(|_| ())
    }

    /// Call after the commit: the relay of this process publishes at once.
    pub fn wake(&self) {
        self.committed.notify_one();
    }

    /// How many rows waited to be published when it was last measured, a second ago or a little more; in all instances
    /// that share the database, and counted up to 100,000.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }
}
