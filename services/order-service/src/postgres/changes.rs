//! The table `order_changes`, and what `orders` shows of it. Both are written under the lock of the order's row, so
//! that whoever has it knows all that has happened to the order.

use std::collections::BTreeSet;

use dispatch_contracts::{
    event::{Cause, Version},
    id::{CourierId, OrderId},
    life::{Change, Happening, Life},
};
use runtime::database::column;
use sqlx::{PgConnection, PgExecutor, Row as _, postgres::PgRow, types::Uuid};

use crate::domain::change::{Key, OrderChange};

/// Locks the orders, and those that are not known as well.
pub(crate) async fn lock(
    transaction: &mut PgConnection,
    orders: impl Iterator<Item = OrderId>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = orders.map(|order_id| order_id.as_uuid()).collect();
    sqlx::query(include_str!("lock_orders.sql")).bind(ids).execute(transaction).await.map(|_| ())
}

/// Adds the changes; answers which are new.
pub(crate) async fn insert(
    transaction: &mut PgConnection,
    changes: &[OrderChange],
) -> Result<BTreeSet<Key>, sqlx::Error> {
    let version = |change: &OrderChange| change.happening.version;
    let new = sqlx::query_as::<_, (Uuid, Uuid)>(include_str!("insert_changes.sql"))
        .bind(changes.iter().map(|change| change.order_id.as_uuid()).collect::<Vec<_>>())
        .bind(changes.iter().map(|change| version(change).event_id.as_uuid()).collect::<Vec<_>>())
        .bind(changes.iter().map(OrderChange::type_name).collect::<Vec<_>>())
        .bind(changes.iter().map(|change| change.courier_id.map(|id| id.as_uuid())).collect::<Vec<_>>())
        .bind(changes.iter().map(|change| version(change).at).collect::<Vec<_>>())
        .bind(changes.iter().map(|change| change.cause.map(Cause::as_str)).collect::<Vec<_>>())
        .bind(changes.iter().map(|change| change.source.as_str()).collect::<Vec<_>>())
        .fetch_all(transaction)
        .await?;
    Ok(new.into_iter().map(|(order_id, event_id)| (order_id.into(), event_id.into())).collect())
}

/// All changes of the orders, in no particular order.
pub(crate) async fn of_orders(
    executor: impl PgExecutor<'_>,
    orders: impl Iterator<Item = OrderId>,
) -> Result<Vec<OrderChange>, sqlx::Error> {
    let ids: Vec<Uuid> = orders.map(|order_id| order_id.as_uuid()).collect();
    let rows = sqlx::query(include_str!("changes_of_orders.sql")).bind(ids).fetch_all(executor).await?;
    rows.iter().filter_map(|row| read(row).transpose()).collect()
}

/// Nothing if it is of a type that only a later version knows, which may have written here before.
fn read(row: &PgRow) -> Result<Option<OrderChange>, sqlx::Error> {
    let courier_id = row.try_get::<Option<Uuid>, _>("courier_id")?.map(CourierId::from);
    let Some(change) = Change::from_parts(row.try_get("type")?, courier_id) else { return Ok(None) };
    let version = Version { at: row.try_get("at")?, event_id: row.try_get::<Uuid, _>("event_id")?.into() };
    Ok(Some(OrderChange {
        order_id: row.try_get::<Uuid, _>("order_id")?.into(),
        happening: Happening { version, change },
        courier_id,
        cause: row.try_get::<Option<&str>, _>("cause")?.map(Cause::read),
        source: column(row, "source", str::parse)?,
    }))
}

/// Shows where the orders are in their lives.
pub(crate) async fn show(
    transaction: &mut PgConnection,
    lives: impl Iterator<Item = (OrderId, Life)>,
) -> Result<(), sqlx::Error> {
    let lives: Vec<_> = lives.collect();
    sqlx::query(include_str!("show_lives.sql"))
        .bind(lives.iter().map(|(order_id, _)| order_id.as_uuid()).collect::<Vec<_>>())
        .bind(lives.iter().map(|(_, life)| life.status.as_str()).collect::<Vec<_>>())
        .bind(lives.iter().map(|(_, life)| life.assigned.map(|(id, _)| id.as_uuid())).collect::<Vec<_>>())
        .bind(lives.iter().map(|(_, life)| life.assigned_at()).collect::<Vec<_>>())
        .execute(transaction)
        .await
        .map(|_| ())
}
