//! The table `orders`, read and added to by requests. What events say is written by [`news`](super::news).

use dispatch_contracts::{
    event::AddOrder,
    id::{CourierId, OrderId},
    order::OrderStatus,
    resource::Order,
    zone::Zone,
};
use runtime::database::column;
use sqlx::{FromRow, PgConnection, PgExecutor, Row as _, postgres::PgRow, types::Uuid};

use crate::orders::{OrderFilter, Position};

/// A row that is shown: the details are there.
struct Shown(Order);

impl FromRow<'_, PgRow> for Shown {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self(Order {
            order_id: row.try_get::<Uuid, _>("order_id")?.into(),
            details: column(row, "details", |text: String| text.try_into())?,
            zone: column(row, "zone", str::parse)?,
            status: column(row, "status", str::parse)?,
            priority: column(row, "priority", |number: i16| i64::from(number).try_into())?,
            added_at: row.try_get("added_at")?,
            courier_id: row.try_get::<Option<Uuid>, _>("courier_id")?.map(CourierId::from),
            assigned_at: row.try_get("assigned_at")?,
        }))
    }
}

/// Adds the order, or completes the row of one of which only its assignment was known; nothing if it is there.
pub(crate) async fn insert(executor: impl PgExecutor<'_>, order: &AddOrder) -> Result<Option<Order>, sqlx::Error> {
    let row = sqlx::query_as::<_, Shown>(include_str!("insert_order.sql"))
        .bind(order.order_id.as_uuid())
        .bind(order.details.as_str())
        .bind(order.zone.as_str())
        .bind(i16::from(order.priority.get()))
        .bind(order.added_at);
    Ok(row.fetch_optional(executor).await?.map(|shown| shown.0))
}

/// One order.
pub(crate) async fn get(executor: impl PgExecutor<'_>, order_id: OrderId) -> Result<Option<Order>, sqlx::Error> {
    Ok(get_many(executor, &[order_id]).await?.pop())
}

/// One order, locked until the end of the transaction.
pub(crate) async fn lock(transaction: &mut PgConnection, order_id: OrderId) -> Result<Option<Order>, sqlx::Error> {
    let row = sqlx::query_as::<_, Shown>(include_str!("lock_order.sql")).bind(order_id.as_uuid());
    Ok(row.fetch_optional(transaction).await?.map(|shown| shown.0))
}

/// Those of the orders that are known.
pub(crate) async fn get_many(executor: impl PgExecutor<'_>, ids: &[OrderId]) -> Result<Vec<Order>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query_as::<_, Shown>(include_str!("get_orders.sql")).bind(ids);
    Ok(rows.fetch_all(executor).await?.into_iter().map(|shown| shown.0).collect())
}

/// Orders, newest first.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    filter: &OrderFilter,
    after: Option<&Position>,
    rows: i64,
) -> Result<Vec<Order>, sqlx::Error> {
    let page = sqlx::query_as::<_, Shown>(include_str!("list_orders.sql"))
        .bind(filter.zone.as_ref().map(Zone::as_str))
        .bind(filter.status.map(OrderStatus::as_str))
        .bind(after.map(|position| position.added_at))
        .bind(after.map(|position| position.order_id.as_uuid()))
        .bind(rows);
    Ok(page.fetch_all(executor).await?.into_iter().map(|shown| shown.0).collect())
}
