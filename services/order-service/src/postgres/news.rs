//! The table `orders`, added to by events: a batch is one statement. Rows are taken in the order of their ids, so that
//! two batches never wait for each other in a circle.

use dispatch_contracts::event::AddOrder;
use sqlx::PgPool;

/// Adds orders whose details are not known yet.
pub(crate) async fn add(pool: &PgPool, added: &[AddOrder]) -> Result<(), sqlx::Error> {
    if added.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("add_orders.sql"))
        .bind(added.iter().map(|order| order.order_id.as_uuid()).collect::<Vec<_>>())
        .bind(added.iter().map(|order| order.details.as_str()).collect::<Vec<_>>())
        .bind(added.iter().map(|order| order.zone.as_str()).collect::<Vec<_>>())
        .bind(added.iter().map(|order| i16::from(order.priority.get())).collect::<Vec<_>>())
        .bind(added.iter().map(|order| order.added_at).collect::<Vec<_>>())
        .execute(pool)
        .await
        .map(|_| ())
}
