//! The table `idempotency_keys`. A key is claimed, the request carried out and the answer kept in one transaction, so
//! a key that others can see always has its answer.

use chrono::{DateTime, Utc};
use dispatch_contracts::resource::Order;
use sqlx::{PgConnection, PgPool, types::Json};

use crate::{domain::idempotency_key::IdempotencyKey, orders::Created};

/// Whether the key is ours now. Waits for a transaction that is claiming the same key.
pub(crate) async fn claim(
    transaction: &mut PgConnection,
    key: &IdempotencyKey,
    request: &str,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let claimed = sqlx::query(include_str!("claim_key.sql"))
        .bind(key.as_str())
        .bind(request)
        .bind(now)
        .bind(expires_at)
        .execute(transaction)
        .await?;
    Ok(claimed.rows_affected() == 1)
}

/// What was answered to the request that has the key; nothing if it was another request.
pub(crate) async fn earlier_answer(
    transaction: &mut PgConnection,
    key: &IdempotencyKey,
    request: &str,
) -> Result<Option<Created>, sqlx::Error> {
    let statement = sqlx::query_as::<_, (bool, bool, Json<Order>)>(include_str!("earlier_answer.sql"));
    let (same, is_new, Json(order)) = statement.bind(key.as_str()).bind(request).fetch_one(transaction).await?;
    Ok(same.then_some(Created { order, is_new }))
}

/// Keeps the answer for repetitions.
pub(crate) async fn answer(
    transaction: &mut PgConnection,
    key: &IdempotencyKey,
    created: &Created,
) -> Result<(), sqlx::Error> {
    let statement = sqlx::query(include_str!("answer_key.sql"));
    let statement = statement.bind(key.as_str()).bind(created.is_new).bind(Json(&created.order));
    statement.execute(transaction).await.map(|_| ())
}

/// Forgets up to `most` expired keys; answers how many.
pub(crate) async fn prune(pool: &PgPool, now: DateTime<Utc>, most: i64) -> Result<u64, sqlx::Error> {
    let pruned = sqlx::query(include_str!("prune_keys.sql")).bind(now).bind(most).execute(pool).await?;
    Ok(pruned.rows_affected())
}
