//! How many rows wait to be published, and how long.

use std::{sync::atomic::Ordering, time::Duration};

use sqlx::PgPool;

use super::Outbox;

/// How often to count.
const INTERVAL: Duration = Duration::from_secs(1);
/// Where counting ends, so that it takes no longer however many there are.
const COUNTED: i64 = 100_000;

/// Counts, for ever. While the database does not answer, the last count stands.
pub(super) async fn measure(outbox: &Outbox, pool: &PgPool) {
    loop {
        match sqlx::query_as::<_, (i64, f64)>(include_str!("count.sql")).bind(COUNTED).fetch_one(pool).await {
            Ok((waiting, oldest)) => {
                let waiting = waiting.unsigned_abs();
                outbox.waiting.store(waiting, Ordering::Relaxed);
                metrics::gauge!("dispatch_outbox_waiting").set(waiting as f64);
                metrics::gauge!("dispatch_outbox_oldest_seconds").set(oldest.max(0.0));
            }
            Err(error) => tracing::debug!(%error, "the outbox cannot be counted"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
