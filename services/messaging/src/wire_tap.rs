//! The wire tap: what passed through the queues lately, for whoever wants to look; the same whichever instance is asked.
//!
//! ```text
//! consumer --settled--> wire of its queue --every 250 ms at most--> a ring in the database --> latest
//! ```
//!
//! - It never slows a consumer down. Handing over waits for nothing, and copies a message only while there is room for it.
//! - It is bounded: [`MOST_KEPT`] messages of a queue every 250 ms in each process, one connection for a moment, and
//!   [`RING`] messages of a queue in the table. What is more is passed over, and how many were is told with what is kept.
//! - Nothing depends on it. What the database does not take within two seconds is passed over, too, and the table is empty
//!   after a crash of the server.

mod copy;
mod passed_message;
mod wire;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{PgPool, Postgres, Transaction, types::Json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub(crate) use self::wire::Wire;
use self::{copy::Row, wire::Held};
pub use self::{passed_message::PassedMessage, wire::MOST_KEPT};

/// How many messages of a queue are kept.
pub const RING: i32 = 500;
/// The pause between two writes.
const INTERVAL: Duration = Duration::from_millis(250);

/// Shows what passed. Cloning shares it.
#[derive(Debug, Clone)]
pub struct WireTap {
    pool: PgPool,
    wires: Arc<Mutex<Vec<Arc<Wire>>>>,
    woken: Arc<Notify>,
}

impl WireTap {
    /// A tap into this database, on no queue yet.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, wires: Arc::default(), woken: Arc::default() }
    }

    /// The names of the queues that this process has a tap on.
    #[must_use]
    pub fn queues(&self) -> Vec<String> {
        self.lock().iter().map(|wire| wire.queue().to_owned()).collect()
    }

    /// The latest messages that passed through a queue, in all instances, the newest first; at most [`RING`].
    ///
    /// # Errors
    /// PostgreSQL did not answer soon, or refused.
    pub async fn latest(&self, queue: &str, most: u32) -> Result<Vec<PassedMessage>, sqlx::Error> {
        let mut transaction = self.brief().await?;
        let query = sqlx::query_as(include_str!("wire_tap/latest_passed.sql")).bind(queue).bind(i64::from(most));
        query.fetch_all(&mut *transaction).await
    }

    /// Writes what is handed over until `stop`, then once more what is there. To be stopped after the consumers.
    pub async fn run(self, stop: CancellationToken) {
        while stop.run_until_cancelled(self.woken.notified()).await.is_some() {
            self.write().await;
            if stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_none() {
                break;
            }
        }
        self.write().await;
    }

    /// Where a consumer hands over what it settled.
    pub(crate) fn wire(&self, queue: &str) -> Arc<Wire> {
        let mut wires = self.lock();
        if let Some(wire) = wires.iter().find(|wire| wire.queue() == queue) {
            return wire.clone();
        }
        let wire = Arc::new(Wire::new(queue, self.woken.clone()));
        wires.push(wire.clone());
        wire
    }

    async fn write(&self) {
        let wires = self.lock().clone();
        for wire in wires {
            let Some(held) = wire.take() else { continue };
            let recorded = self.record(wire.queue(), &held).await;
            if let Err(error) = &recorded {
                tracing::debug!(queue = wire.queue(), %error, "what passed cannot be written");
            }
            wire.written(&held, recorded.is_ok());
        }
    }

    async fn record(&self, queue: &str, held: &Held) -> Result<(), sqlx::Error> {
        let rows: Vec<Row> = held.copies.iter().zip(1..).map(|(copy, position)| Row { position, copy }).collect();
        let mut transaction = self.brief().await?;
        sqlx::query(include_str!("wire_tap/record_passed.sql"))
            .bind(queue)
            .bind(RING)
            .bind(Json(rows))
            .bind(held.skipped_before)
            .bind(held.skipped_after)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// A transaction that does not hold its connection for long, whatever somebody does with the table.
    async fn brief(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(include_str!("wire_tap/be_brief.sql")).execute(&mut *transaction).await?;
        Ok(transaction)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Wire>>> {
        self.wires.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
