//! The table `pairs`. A batch is one statement, which takes rows in the order of their ids, so that two batches never
//! wait for each other in a circle.

use dispatch_contracts::{
    id::{CourierId, OrderId},
    order::OrderStatus,
    resource::Pair,
};
use runtime::database::column;
use sqlx::{FromRow, PgPool, Row as _, postgres::PgRow, types::Uuid};

use crate::pairs::{Given, Position, Taken};

/// A row that is shown: somebody has the order.
struct Shown(Pair);

impl FromRow<'_, PgRow> for Shown {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self(Pair {
            order_id: row.try_get::<Uuid, _>("order_id")?.into(),
            courier_id: row.try_get::<Uuid, _>("courier_id")?.into(),
            zone: column(row, "zone", str::parse)?,
            assigned_at: row.try_get("given_at")?,
            status: column(row, "status", str::parse)?,
        }))
    }
}

/// Records the newest decision that gave each order to somebody.
pub(crate) async fn give(pool: &PgPool, given: &[Given]) -> Result<(), sqlx::Error> {
    if given.is_empty() {
        return Ok(());
    }
    let decisions = || given.iter().map(|news| &news.decision);
    sqlx::query(include_str!("give_orders.sql"))
        .bind(decisions().map(|decision| decision.order_id.as_uuid()).collect::<Vec<_>>())
        .bind(decisions().map(|decision| decision.courier_id.as_uuid()).collect::<Vec<_>>())
        .bind(decisions().map(|decision| decision.zone.as_str()).collect::<Vec<_>>())
        .bind(decisions().map(|decision| decision.assigned_at).collect::<Vec<_>>())
        .bind(given.iter().map(|news| news.event_id.as_uuid()).collect::<Vec<_>>())
        .execute(pool)
        .await
        .map(|_| ())
}

/// Records the newest decision that took each order from somebody.
pub(crate) async fn take(pool: &PgPool, taken: &[Taken]) -> Result<(), sqlx::Error> {
    if taken.is_empty() {
        return Ok(());
    }
    let decisions = || taken.iter().map(|news| &news.decision);
    sqlx::query(include_str!("take_orders.sql"))
        .bind(decisions().map(|decision| decision.order_id.as_uuid()).collect::<Vec<_>>())
        .bind(decisions().map(|decision| decision.courier_id.as_uuid()).collect::<Vec<_>>())
        .bind(decisions().map(|decision| decision.unassigned_at).collect::<Vec<_>>())
        .bind(taken.iter().map(|news| news.event_id.as_uuid()).collect::<Vec<_>>())
        .execute(pool)
        .await
        .map(|_| ())
}

/// The pair that an order is in, if anybody has it.
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
