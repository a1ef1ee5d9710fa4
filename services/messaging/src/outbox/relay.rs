//! The relay: locks rows of the outbox, publishes them in batches, deletes what SNS took.
//!
//! They go to the topic that the service has today: where another one was wrong, or is no more, nothing is left behind for it.
//!
//! The locks belong to a transaction that lasts as long as the publishing. Other relays pass the rows over, and when
//! this process dies its connection does too, so the rows are free again at once. A machine that vanishes is noticed by
//! the server's `idle_in_transaction_session_timeout`, which must be longer than a publish call with all its attempts.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures::{FutureExt as _, StreamExt as _, stream};
use sqlx::{FromRow, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use trace::{Kind, Span, TraceParent};
use uuid::Uuid;

use super::{Outbox, backlog};
use crate::{Publisher, backoff::Backoff, publisher::Outgoing};

/// `PublishBatch` calls under way at a time.
const CONCURRENT_CALLS: usize = 8;
/// Rows published at a time: those of that many calls, so that the transaction lasts no longer than one call.
const CLAIM: i64 = 80;
/// How often to look for what nobody was woken for.
const INTERVAL: Duration = Duration::from_secs(1);
const RETRY: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));

#[derive(FromRow)]
struct Row {
    event_id: Uuid,
    event_type: String,
    payload: String,
    traceparent: String,
    caused_at: Option<DateTime<Utc>>,
    attempts: i32,
}

/// A run of the rows, and what SNS said to each of them.
type Answer = (std::ops::Range<usize>, Vec<Result<(), String>>);

/// Is told of each event that SNS took: its type, and how long after what caused it, where that is known.
pub type OnPublished = Arc<dyn Fn(&str, Option<Duration>) + Send + Sync>;

/// Publishes what the outbox of a database holds. Any number may run side by side.
pub struct Relay {
    outbox: Outbox,
    pool: PgPool,
    publisher: Publisher,
    on_published: OnPublished,
    types: &'static [&'static str],
}

impl Relay {
    /// A relay that does nothing until it is run.
    #[must_use]
    pub fn new(outbox: &Outbox, pool: PgPool, publisher: Publisher) -> Self {
        Self { outbox: outbox.clone(), pool, publisher, on_published: Arc::new(|_, _| {}), types: &[] }
    }

    /// The same, for events of these types: they are counted from zero, so that also the first one is seen that fails.
    #[must_use]
    pub fn counting(self, types: &'static [&'static str]) -> Self {
        Self { types, ..self }
    }

    /// The same, telling somebody of each event that it published. Whoever is told must not take long.
    #[must_use]
    pub fn telling(self, on_published: OnPublished) -> Self {
        Self { on_published, ..self }
    }

    /// Publishes until `stop`, then once more what is left, so that a service leaves nothing to wait for another.
    pub async fn run(self, stop: CancellationToken) {
        for type_name in self.types {
            for name in ["dispatch_outbox_published_total", "dispatch_outbox_publish_failures_total"] {
                metrics::counter!(name, "type" => *type_name).increment(0);
            }
        }
        tokio::select! {
            () = self.publish_until(stop) => {}
            () = backlog::measure(&self.outbox, &self.pool) => {}
        }
    }

    async fn publish_until(&self, stop: CancellationToken) {
        let mut failures = 0;
        while !stop.is_cancelled() {
            let pause = match self.publish_all().await {
                Ok(()) => {
                    failures = 0;
                    INTERVAL
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, "the outbox cannot be read");
                    RETRY.delay(failures)
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
                () = self.outbox.committed.notified(), if failures == 0 => {}
            }
        }
        if let Err(error) = self.publish_all().await {
            tracing::warn!(%error, "the outbox was left as it is");
        }
    }

    async fn publish_all(&self) -> Result<(), sqlx::Error> {
        while self.publish_some().await? == CLAIM as usize {}
        Ok(())
    }

    /// Publishes the oldest rows; answers how many there were.
    async fn publish_some(&self) -> Result<usize, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let rows: Vec<Row> = sqlx::query_as(include_str!("claim.sql")).bind(CLAIM).fetch_all(&mut *transaction).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let topic_arn = &self.outbox.topic_arn;
        let mut spans: Vec<Span> = rows.iter().map(|row| span(topic_arn, row)).collect();
        let outgoing: Vec<Outgoing> =
            rows.iter().zip(&spans).map(|(row, span)| outgoing(topic_arn, row, span)).collect();
        let calls = Publisher::batches(&outgoing).into_iter().map(|run| {
            let batch = &outgoing[run.clone()];
            async move { (run, self.publisher.publish(batch).await) }.boxed()
        });
        let calls: Vec<_> = calls.collect();
        let answers: Vec<_> = stream::iter(calls).buffer_unordered(CONCURRENT_CALLS).collect().await;
        record(&mut transaction, &rows, &mut spans, answers, &self.on_published).await?;
        transaction.commit().await?;
        Ok(rows.len())
    }
}

/// Deletes what SNS took, and puts off what it did not.
async fn record(
    transaction: &mut PgConnection,
    rows: &[Row],
    spans: &mut [Span],
    answers: Vec<Answer>,
    on_published: &OnPublished,
) -> Result<(), sqlx::Error> {
    let mut published = Vec::with_capacity(rows.len());
    let (mut failed, mut pauses, mut last_reason) = (Vec::new(), Vec::new(), String::new());
    for (run, results) in answers {
        for ((row, span), result) in rows[run.clone()].iter().zip(&mut spans[run]).zip(results) {
            match result {
                Ok(()) => {
                    on_published(&row.event_type, count_published(row));
                    published.push(row.event_id);
                }
                Err(reason) => {
                    tracing::debug!(
                        event.id = %row.event_id, trace.id = span.context().trace_id(), reason,
                        attempts = row.attempts, "publishing failed"
                    );
                    metrics::counter!("dispatch_outbox_publish_failures_total", "type" => row.event_type.clone())
                        .increment(1);
                    span.failed(&reason);
                    last_reason = reason;
                    failed.push(row.event_id);
                    pauses.push(RETRY.delay(u32::try_from(row.attempts).unwrap_or(0) + 1).as_secs_f64());
                }
            }
        }
    }
    sqlx::query(include_str!("published.sql")).bind(published).execute(&mut *transaction).await?;
    if !failed.is_empty() {
        tracing::warn!(events = failed.len(), reason = last_reason, "publishing failed; put off");
        sqlx::query(include_str!("put_off.sql")).bind(failed).bind(pauses).execute(transaction).await?;
    }
    Ok(())
}

/// Answers how long after what caused it.
fn count_published(row: &Row) -> Option<Duration> {
    metrics::counter!("dispatch_outbox_published_total", "type" => row.event_type.clone()).increment(1);
    let latency = (Utc::now() - row.caused_at?).to_std().unwrap_or_default();
    metrics::histogram!("dispatch_publish_latency_seconds", "type" => row.event_type.clone())
        .record(latency.as_secs_f64());
    Some(latency)
}

/// From here until SNS has answered.
fn span(topic_arn: &str, row: &Row) -> Span {
    let topic = topic_arn.rsplit(':').next().unwrap_or_default();
    let cause = row.traceparent.parse::<TraceParent>().ok();
    let mut span = Span::start(Kind::Producer, format!("send {topic}"), cause);
    span.set("messaging.system", "aws_sns");
    span.set("messaging.operation.type", "send");
    span.set("messaging.destination.name", topic);
    span.set("dispatch.event.type", &row.event_type);
    span.set("dispatch.event.id", row.event_id);
    span
}

fn outgoing(topic_arn: &str, row: &Row, span: &Span) -> Outgoing {
    Outgoing {
        topic_arn: topic_arn.to_owned(),
        payload: row.payload.clone(),
        attributes: vec![
            ("eventType", row.event_type.clone()),
            ("eventId", row.event_id.to_string()),
            ("traceparent", span.context().to_string()),
        ],
    }
}
