//! Reading the log beside the stored rows, as of one moment, for whoever compares them.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use dispatch_contracts::{
    courier::Capacity,
    event::{AddCourier, AddOrder, Cause, Version},
    id::{CourierId, OrderId},
    life::{Change, Happening, Life},
    order::Priority,
    zone::Zone,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::{FromRow, PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::{Facts, FactsError, couriers, live, orders};
use crate::domain::{
    pick::Inputs,
    replay::{CourierPast, Difference, Logged, OrderPast},
};

/// An order or a courier, as the log has it and as it is stored.
#[derive(Debug)]
pub struct Past<I, P> {
    /// Which.
    pub id: I,
    /// What the log makes of it.
    pub log: Option<P>,
    /// What is stored.
    pub row: Option<P>,
    /// Whether nothing about it can have been dropped from the log.
    pub is_whole: bool,
    /// Whether the zone that its row names was heard of.
    pub is_zone_known: bool,
}

impl<I, P> Past<I, P> {
    /// The first thing in which both differ.
    pub fn difference(&self, differ: impl FnOnce(&P, &P) -> Option<Difference>) -> Option<Difference> {
        match (&self.log, &self.row) {
            (Some(log), Some(row)) => differ(log, row).or_else(|| (!self.is_zone_known).then(Difference::zone)),
            (None, None) => None,
            (log, _) => Some(Difference::existence(log.is_some())),
        }
    }
}

#[derive(FromRow)]
struct LineRow {
    about: Uuid,
    event_id: Uuid,
    r#type: String,
    courier_id: Option<Uuid>,
    payload: Value,
    inputs: Option<Value>,
    occurred_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct OrderRow {
    order_id: Uuid,
    zone: Option<String>,
    priority: Option<i16>,
    added_at: Option<DateTime<Utc>>,
    status: Option<String>,
    courier_id: Option<Uuid>,
    assigned_at: Option<DateTime<Utc>>,
    assignment_event_id: Option<Uuid>,
    latest_at: Option<DateTime<Utc>>,
    score: Option<i32>,
    runner_up: Option<Uuid>,
    candidates: Option<i32>,
    cause: Option<String>,
    first_seen_at: Option<DateTime<Utc>>,
    declined_by: Option<Vec<Uuid>>,
    is_zone_known: bool,
}

#[derive(FromRow)]
struct CourierRow {
    courier_id: Uuid,
    zone: Option<String>,
    is_available: Option<bool>,
    capacity: Option<i32>,
    version_at: Option<DateTime<Utc>>,
    version_event_id: Option<Uuid>,
    first_seen_at: Option<DateTime<Utc>>,
    is_zone_known: bool,
}

impl Facts {
    /// Up to `most` orders from this id on, that are stored or that the log knows.
    ///
    /// # Errors
    /// PostgreSQL does not answer, or holds what this version does not know.
    pub async fn past_orders(&self, from: OrderId, most: i64) -> Result<Vec<Past<OrderId, OrderPast>>, FactsError> {
        let (mut snapshot, begins) = self.snapshot_of_log().await?;
        let query = sqlx::query_as::<_, OrderRow>(include_str!("sql/past_orders.sql"));
        let rows = query.bind(from.as_uuid()).bind(most).fetch_all(&mut *snapshot).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.order_id).collect();
        let mut lines = lines(&mut snapshot, include_str!("sql/past_order_lines.sql"), &ids).await?;
        let mut happened = live::happenings(&mut snapshot, ids).await?;
        snapshot.commit().await?;
        let past = |row: OrderRow| {
            let id = OrderId::from(row.order_id);
            let log = OrderPast::of(&lines.remove(&row.order_id).unwrap_or_default());
            let is_whole = is_whole(row.first_seen_at, begins);
            let is_zone_known = row.is_zone_known;
            let row = row.past(happened.remove(&id).unwrap_or_default())?;
            Ok(Past { id, log, row, is_whole, is_zone_known })
        };
        rows.into_iter().map(past).collect()
    }

    /// Up to `most` couriers from this id on, that are stored or that the log knows.
    ///
    /// # Errors
    /// PostgreSQL does not answer, or holds what this version does not know.
    pub async fn past_couriers(
        &self,
        from: CourierId,
        most: i64,
    ) -> Result<Vec<Past<CourierId, CourierPast>>, FactsError> {
        let (mut snapshot, begins) = self.snapshot_of_log().await?;
        let query = sqlx::query_as::<_, CourierRow>(include_str!("sql/past_couriers.sql"));
        let rows = query.bind(from.as_uuid()).bind(most).fetch_all(&mut *snapshot).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.courier_id).collect();
        let mut lines = lines(&mut snapshot, include_str!("sql/past_courier_lines.sql"), &ids).await?;
        snapshot.commit().await?;
        let past = |row: CourierRow| {
            let log = CourierPast::of(lines.remove(&row.courier_id).unwrap_or_default());
            let (id, is_zone_known) = (row.courier_id.into(), row.is_zone_known);
            let is_whole = is_whole(row.first_seen_at, begins);
            Ok(Past { id, log, row: row.past()?, is_whole, is_zone_known })
        };
        rows.into_iter().map(past).collect()
    }

    /// A view of one moment, and the first day of which the whole log is in it.
    async fn snapshot_of_log(&self) -> Result<(Transaction<'static, Postgres>, Option<NaiveDate>), FactsError> {
        let mut snapshot = self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        // Before the view begins, so that no day is dropped that it would still list.
        sqlx::query("LOCK TABLE event_log IN ACCESS SHARE MODE").execute(&mut *snapshot).await?;
        let begins = super::days::log_begins(&mut snapshot).await?;
        Ok((snapshot, begins))
    }
}

/// Rows and lines of one transaction have one time.
fn is_whole(first_seen_at: Option<DateTime<Utc>>, begins: Option<NaiveDate>) -> bool {
    begins.is_none_or(|begins| first_seen_at.is_some_and(|seen| seen.date_naive() >= begins))
}

async fn lines(
    snapshot: &mut PgConnection,
    sql: &'static str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Logged>>, FactsError> {
    let mut lines: HashMap<Uuid, Vec<Logged>> = HashMap::new();
    for row in sqlx::query_as::<_, LineRow>(sql).bind(ids).fetch_all(snapshot).await? {
        lines.entry(row.about).or_default().push(row.logged()?);
    }
    Ok(lines)
}

impl LineRow {
    fn logged(self) -> Result<Logged, FactsError> {
        let version = Version { at: self.occurred_at, event_id: self.event_id.into() };
        Ok(match self.r#type.as_str() {
            "AddOrder" => {
                let AddOrder { zone, priority, added_at, .. } = read(self.payload)?;
                Logged::Added { zone, priority, added_at }
            }
            "AddCourier" => {
                let AddCourier { zone, is_available, capacity, .. } = read(self.payload)?;
                Logged::News(CourierPast { version, zone, is_available, capacity })
            }
            of_an_order => {
                let change = Change::from_parts(of_an_order, self.courier_id.map(CourierId::from))
                    .ok_or(FactsError::Value { table: "event_log", value: self.r#type.clone() })?;
                let cause = self.payload.get("cause").and_then(Value::as_str).map(Cause::read);
                let inputs = self.inputs.map(read).transpose()?;
                Logged::Happened { happening: Happening { version, change }, cause, inputs }
            }
        })
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, FactsError> {
    serde_json::from_value(value).map_err(|error| FactsError::Value { table: "event_log", value: error.to_string() })
}

fn number<T: TryFrom<i64>>(table: &'static str, value: impl Into<i64>) -> Result<T, FactsError> {
    let value = value.into();
    T::try_from(value).map_err(|_| FactsError::Value { table, value: value.to_string() })
}

impl OrderRow {
    fn past(self, mut happenings: Vec<Happening>) -> Result<Option<OrderPast>, FactsError> {
        let Some(status) = self.status else { return Ok(None) };
        let described = match (self.zone, self.priority, self.added_at) {
            (Some(zone), Some(priority), Some(added_at)) => {
                Some((couriers::zone(zone)?, number::<Priority>("orders", priority)?, added_at))
            }
            _ => None,
        };
        let version = |at, event_id: Uuid| Version { at, event_id: event_id.into() };
        let assignment = self.assigned_at.zip(self.assignment_event_id).map(|(at, event_id)| version(at, event_id));
        let assigned = self.courier_id.map(CourierId::from).zip(assignment);
        let inputs = self.score.map(|score| {
            Ok::<_, FactsError>(Inputs {
                score: number("orders", score)?,
                runner_up: self.runner_up.map(CourierId::from),
                candidates: self.candidates.map(|candidates| number("orders", candidates)).transpose()?,
            })
        });
        happenings.sort_unstable();
        Ok(Some(OrderPast {
            described,
            life: Life { status: orders::status(&status)?, assigned },
            latest_at: self.latest_at,
            inputs: inputs.transpose()?,
            cause: self.cause.as_deref().map(Cause::read),
            declined_by: self.declined_by.into_iter().flatten().map(CourierId::from).collect(),
            happenings: happenings.iter().map(|happening| happening.version).collect(),
        }))
    }
}

impl CourierRow {
    fn past(self) -> Result<Option<CourierPast>, FactsError> {
        let (Some(zone), Some(is_available), Some(at), Some(event_id)) =
            (self.zone, self.is_available, self.version_at, self.version_event_id)
        else {
            return Ok(None);
        };
        let (zone, version): (Zone, _) = (couriers::zone(zone)?, Version { at, event_id: event_id.into() });
        let capacity = self.capacity.map(|capacity| number::<Capacity>("couriers", capacity)).transpose()?;
        Ok(Some(CourierPast { version, zone, is_available, capacity }))
    }
}
