//! Couriers: taking over news, and reading what is known.

use chrono::{DateTime, Utc};
use dispatch_contracts::{courier::Capacity, event::AddCourier, id::CourierId, zone::Zone};
use events::Incoming;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{Facts, FactsError, log};
use crate::domain::courier::Courier;

/// A row of `couriers`, with what follows from `orders`.
#[derive(FromRow)]
pub(super) struct Row {
    courier_id: Uuid,
    zone: String,
    is_available: bool,
    capacity: Option<i32>,
    revision: i64,
    former_zone: Option<String>,
    open: i64,
    carried: i64,
}

impl TryFrom<Row> for Courier {
    type Error = FactsError;

    fn try_from(row: Row) -> Result<Self, FactsError> {
        Ok(Self {
            courier_id: row.courier_id.into(),
            zone: zone(row.zone)?,
            is_available: row.is_available,
            capacity: row.capacity.and_then(|capacity| Capacity::try_from(i64::from(capacity)).ok()),
            revision: row.revision,
            former_zone: row.former_zone.map(zone).transpose()?,
            open: u32::try_from(row.open).unwrap_or(u32::MAX),
            carried: u32::try_from(row.carried).unwrap_or(u32::MAX),
        })
    }
}

pub(super) fn zone(text: String) -> Result<Zone, FactsError> {
    text.parse().map_err(|_| FactsError::Value { table: "zones", value: text })
}

impl Facts {
    /// Logs news of couriers, takes over what is newer than what is known, and answers how each of them is now. Who leaves
    /// by it has left `now`.
    ///
    /// # Errors
    /// PostgreSQL does not answer; nothing took effect, or all of it, and it may be repeated.
    pub async fn take_over(
        &self,
        news: &[(&Incoming, &AddCourier)],
        now: DateTime<Utc>,
    ) -> Result<Vec<Courier>, FactsError> {
        let mut newest: Vec<_> = news.to_vec();
        newest.sort_by_key(|(event, courier)| (courier.courier_id, std::cmp::Reverse(event.version)));
        newest.dedup_by_key(|(_, courier)| courier.courier_id);
        let ids: Vec<Uuid> = newest.iter().map(|(_, courier)| courier.courier_id.as_uuid()).collect();

        let mut transaction = self.begin().await?;
        let entries: Vec<_> = news.iter().map(|(event, _)| log::Entry::from(*event)).collect();
        log::hear_of_zones(&mut transaction, &entries).await?;
        let alone: Vec<_> = newest.iter().map(|(_, courier)| (courier.courier_id, true)).collect();
        lock(&mut transaction, &alone).await?;
        // Behind the locks: of this news and a decision about the courier, what took effect first stands first in the log.
        log::append(&mut transaction, &entries).await?;
        sqlx::query(include_str!("sql/take_over_couriers.sql"))
            .bind(&ids)
            .bind(newest.iter().map(|(_, courier)| courier.zone.as_str()).collect::<Vec<_>>())
            .bind(newest.iter().map(|(_, courier)| courier.is_available).collect::<Vec<_>>())
            .bind(newest.iter().map(|(_, courier)| capacity(courier)).collect::<Vec<_>>())
            .bind(newest.iter().map(|(event, _)| event.version.at).collect::<Vec<_>>())
            .bind(newest.iter().map(|(event, _)| event.event_id.as_uuid()).collect::<Vec<_>>())
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        let couriers = read(&mut transaction, &ids).await?;
        transaction.commit().await?;
        Ok(couriers)
    }

    /// How these couriers are now; one who is unknown is absent.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn couriers(&self, ids: &[CourierId]) -> Result<Vec<Courier>, FactsError> {
        let ids: Vec<Uuid> = ids.iter().map(CourierId::as_uuid).collect();
        read(&mut *self.pool.acquire().await?, &ids).await
    }
}

fn capacity(courier: &AddCourier) -> Option<i32> {
    courier.capacity.and_then(|capacity| i32::try_from(capacity.get()).ok())
}

/// Locks couriers until the transaction ends, each alone or not.
pub(super) async fn lock(transaction: &mut PgConnection, couriers: &[(CourierId, bool)]) -> Result<(), FactsError> {
    sqlx::query(include_str!("sql/lock_couriers.sql"))
        .bind(couriers.iter().map(|(courier, _)| courier.as_uuid()).collect::<Vec<_>>())
        .bind(couriers.iter().map(|(_, alone)| *alone).collect::<Vec<_>>())
        .execute(transaction)
        .await?;
    Ok(())
}

/// After orders of these zones came to, or went from, these couriers, who are locked: what the zones of those who are of
/// another one know of them is older now.
pub(super) async fn raise_revisions(
    transaction: &mut PgConnection,
    changed: &[(CourierId, Zone)],
) -> Result<(), FactsError> {
    if changed.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("sql/raise_revisions.sql"))
        .bind(changed.iter().map(|(courier, _)| courier.as_uuid()).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, zone)| zone.as_str()).collect::<Vec<_>>())
        .execute(transaction)
        .await?;
    Ok(())
}

/// Those of the couriers who are not of the zone that goes with them, as their own zone has to know them. After
/// [`raise_revisions`] and not together with it, so that this sees what others committed while that waited.
pub(super) async fn elsewhere(
    transaction: &mut PgConnection,
    couriers: &[(CourierId, Zone)],
) -> Result<Vec<Courier>, FactsError> {
    if couriers.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = couriers.iter().map(|(courier, _)| courier.as_uuid()).collect();
    let mut known = read(transaction, &ids).await?;
    known.retain(|known| couriers.iter().any(|(courier, zone)| *courier == known.courier_id && *zone != known.zone));
    Ok(known)
}

pub(super) async fn read(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Courier>, FactsError> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/couriers.sql")).bind(ids).fetch_all(connection).await?;
    rows.into_iter().map(Courier::try_from).collect()
}
