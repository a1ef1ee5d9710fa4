//! The table `pairs`, read. It is written as [`changes`](super::changes) tell; beside these it keeps what was declined.

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    id::{CourierId, EventId, OrderId},
    order::OrderStatus,
    resource::Pair,
};
use runtime::database::column;
use sqlx::{FromRow, PgConnection, PgPool, Row as _, postgres::PgRow, types::Uuid};

use crate::pairs::Position;

/// A row that is shown: somebody has the order, or had it at its end.
struct Shown(Pair);

impl FromRow<'_, PgRow> for Shown {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self(Pair {
            order_id: row.try_get::<Uuid, _>("order_id")?.into(),
            courier_id: row.try_get::<Uuid, _>("courier_id")?.into(),
            zone: column(row, "zone", str::parse)?,
            assigned_at: row.try_get("assigned_at")?,
            status: column(row, "status", str::parse)?,
        }))
    }
}

/// The pair that an order is in, if anybody has it, or had it at its end.
pub(crate) async fn of_order(pool: &PgPool, order_id: OrderId) -> Result<Option<Pair>, sqlx::Error> {
    let row = sqlx::query_as::<_, Shown>(include_str!("pair_of_order.sql")).bind(order_id.as_uuid());
    Ok(row.fetch_optional(pool).await?.map(|shown| shown.0))
}

/// The pairs of a courier, latest assignment first.
pub(crate) async fn of_courier(
    pool: &PgPool,
    courier_id: CourierId,
    status: Option<OrderStatus>,
    after: Option<&Position>,
    rows: i64,
) -> Result<Vec<Pair>, sqlx::Error> {
    let page = sqlx::query_as::<_, Shown>(include_str!("pairs_of_courier.sql"))
        .bind(courier_id.as_uuid())
        .bind(status.map(OrderStatus::as_str))
        .bind(after.map(|position| position.assigned_at))
        .bind(after.map(|position| position.order_id.as_uuid()))
        .bind(rows);
    Ok(page.fetch_all(pool).await?.into_iter().map(|shown| shown.0).collect())
}

/// When the event that declines an assignment of the order happened: now, unless it was said before.
pub(crate) async fn decline(
    transaction: &mut PgConnection,
    order_id: OrderId,
    event_id: EventId,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, sqlx::Error> {
    let said = sqlx::query_scalar(include_str!("decline.sql"));
    said.bind(order_id.as_uuid()).bind(event_id.as_uuid()).bind(now).fetch_one(transaction).await
}
