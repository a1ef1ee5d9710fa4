//! The table `couriers`.

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    courier::Capacity,
    id::{CourierId, EventId},
    resource::Courier,
    zone::Zone,
};
use runtime::database::column;
use sqlx::{FromRow, PgConnection, PgPool, Row as _, postgres::PgRow, types::Uuid};

use crate::{
    couriers::{News, Position, Registered},
    domain::Registration,
};

struct Shown(Courier);

impl FromRow<'_, PgRow> for Shown {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let capacity = |number: Option<i32>| number.map(|n| Capacity::try_from(i64::from(n))).transpose();
        Ok(Self(Courier {
            courier_id: row.try_get::<Uuid, _>("courier_id")?.into(),
            name: column(row, "name", |text: String| text.try_into())?,
            zone: column(row, "zone", str::parse)?,
            is_available: row.try_get("is_available")?,
            capacity: column(row, "capacity", capacity)?,
            updated_at: row.try_get("version_at")?,
        }))
    }
}

/// PostgreSQL has no unsigned integers; a capacity is a million at most.
fn integer(capacity: Option<Capacity>) -> Option<i32> {
    capacity.map(|capacity| i32::try_from(capacity.get()).unwrap_or(i32::MAX))
}

/// Adds the courier, or changes them, as the newest news of them.
pub(crate) async fn register(
    transaction: &mut PgConnection,
    registration: &Registration,
    now: DateTime<Utc>,
    event_id: EventId,
) -> Result<Registered, sqlx::Error> {
    let row = sqlx::query(include_str!("register_courier.sql"))
        .bind(registration.courier_id.as_uuid())
        .bind(registration.name.as_str())
        .bind(registration.zone.as_str())
        .bind(registration.is_available)
        .bind(integer(registration.capacity))
        .bind(now)
        .bind(event_id.as_uuid())
        .fetch_one(transaction)
        .await?;
    Ok(Registered { courier: Shown::from_row(&row)?.0, is_new: row.try_get("is_new")? })
}

/// Changes whether a courier takes orders, as the newest news of them; nothing if nobody has heard of them.
pub(crate) async fn set_availability(
    transaction: &mut PgConnection,
    courier_id: CourierId,
    is_available: bool,
    now: DateTime<Utc>,
    event_id: EventId,
) -> Result<Option<Courier>, sqlx::Error> {
    let row = sqlx::query_as::<_, Shown>(include_str!("set_availability.sql"))
        .bind(courier_id.as_uuid())
        .bind(is_available)
        .bind(now)
        .bind(event_id.as_uuid());
    Ok(row.fetch_optional(transaction).await?.map(|shown| shown.0))
}

/// Records news that is newer than what is known.
pub(crate) async fn record(pool: &PgPool, news: &[News]) -> Result<(), sqlx::Error> {
    if news.is_empty() {
        return Ok(());
    }
    let couriers = || news.iter().map(|news| &news.courier);
    sqlx::query(include_str!("record_couriers.sql"))
        .bind(couriers().map(|courier| courier.courier_id.as_uuid()).collect::<Vec<_>>())
        .bind(couriers().map(|courier| courier.name.as_str()).collect::<Vec<_>>())
        .bind(couriers().map(|courier| courier.zone.as_str()).collect::<Vec<_>>())
        .bind(couriers().map(|courier| courier.is_available).collect::<Vec<_>>())
        .bind(couriers().map(|courier| integer(courier.capacity)).collect::<Vec<_>>())
        .bind(news.iter().map(|news| news.version.at).collect::<Vec<_>>())
        .bind(news.iter().map(|news| news.version.event_id.as_uuid()).collect::<Vec<_>>())
        .execute(pool)
        .await
        .map(|_| ())
}

/// Those of the couriers who are known.
pub(crate) async fn get_many(pool: &PgPool, ids: &[CourierId]) -> Result<Vec<Courier>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(CourierId::as_uuid).collect();
    let rows = sqlx::query_as::<_, Shown>(include_str!("get_couriers.sql")).bind(ids);
    Ok(rows.fetch_all(pool).await?.into_iter().map(|shown| shown.0).collect())
}

/// Couriers by their ids.
pub(crate) async fn list(
    pool: &PgPool,
    zone: Option<&Zone>,
    after: Option<Position>,
    rows: i64,
) -> Result<Vec<Courier>, sqlx::Error> {
    let page = sqlx::query_as::<_, Shown>(include_str!("list_couriers.sql"))
        .bind(zone.map(Zone::as_str))
        .bind(after.map(|position| position.courier_id.as_uuid()))
        .bind(rows);
    Ok(page.fetch_all(pool).await?.into_iter().map(|shown| shown.0).collect())
}

/// Whether anything is known of the courier: themselves, or that they have an order.
pub(crate) async fn is_known(pool: &PgPool, courier_id: CourierId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(include_str!("is_courier_known.sql")).bind(courier_id.as_uuid()).fetch_one(pool).await
}
