//! Orders as rows: reading how they stand, and holding them while something is decided about them.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    order::OrderStatus,
    timestamp,
    zone::Zone,
};
use sqlx::{FromRow, PgConnection, Postgres, Transaction};
use trace::TraceParent;
use uuid::Uuid;

use super::{Facts, FactsError, couriers};
use crate::domain::order::{Line, Standing, rank};

/// How an order stands, for Redis.
#[derive(FromRow)]
pub(super) struct StandingRow {
    pub(super) order_id: Uuid,
    zone: Option<String>,
    priority: Option<i16>,
    added_at: Option<DateTime<Utc>>,
    status: String,
    courier_id: Option<Uuid>,
    couriers: Option<Vec<Uuid>>,
    times: Option<Vec<DateTime<Utc>>>,
}

impl StandingRow {
    pub(super) fn line(&self) -> Line {
        let by = self.couriers.iter().flatten().map(|courier| CourierId::from(*courier));
        let declined = by.zip(self.times.iter().flatten().copied()).collect();
        let priority = self.priority.and_then(|priority| u8::try_from(priority).ok()).unwrap_or(0);
        Line { rank: rank(priority, self.added_at.unwrap_or_default()), declined }
    }

    /// As seen from a zone.
    pub(super) fn standing(&self, zone: &Zone) -> Result<Standing, FactsError> {
        if self.zone.as_deref() != Some(zone.as_str()) {
            return Ok(Standing::Elsewhere);
        }
        match (status(&self.status)?, self.courier_id) {
            (OrderStatus::Pending, _) => Ok(Standing::Pending(self.line())),
            (OrderStatus::Assigned | OrderStatus::PickedUp, Some(courier)) => Ok(Standing::Assigned(courier.into())),
            (OrderStatus::Delivered | OrderStatus::Cancelled, _) => Ok(Standing::Finished),
            (OrderStatus::Assigned | OrderStatus::PickedUp, None) => {
                Err(FactsError::Value { table: "orders", value: self.status.clone() })
            }
        }
    }
}

/// How orders stand, each as seen from the zone that goes with it.
pub(super) async fn standings(
    connection: &mut PgConnection,
    asked: &[(&Zone, OrderId)],
) -> Result<Vec<Standing>, FactsError> {
    let ids: Vec<Uuid> = asked.iter().map(|(_, order)| order.as_uuid()).collect();
    let query = sqlx::query_as::<_, StandingRow>(include_str!("sql/standings.sql"));
    let rows = query.bind(ids).fetch_all(connection).await?;
    let rows: HashMap<OrderId, StandingRow> = rows.into_iter().map(|row| (row.order_id.into(), row)).collect();
    let stands =
        |(zone, order): &(&Zone, OrderId)| rows.get(order).map_or(Ok(Standing::Unknown), |row| row.standing(zone));
    asked.iter().map(stands).collect()
}

/// An order that nobody else changes as long as the transaction lasts.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) order_id: OrderId,
    /// Nothing: its AddOrder is still to come.
    pub(super) zone: Option<Zone>,
    pub(super) status: OrderStatus,
    /// Who has it, or had it at its end.
    pub(super) courier_id: Option<CourierId>,
    pub(super) assigned_at: Option<DateTime<Utc>>,
    /// When the latest happened of what is known of it.
    pub(super) latest_at: Option<DateTime<Utc>>,
    /// The trace that it came with.
    pub(super) trace: Option<TraceParent>,
}

#[derive(FromRow)]
struct HeldRow {
    order_id: Uuid,
    zone: Option<String>,
    status: String,
    courier_id: Option<Uuid>,
    assigned_at: Option<DateTime<Utc>>,
    latest_at: Option<DateTime<Utc>>,
    traceparent: Option<String>,
}

impl Held {
    /// Who has it now.
    pub(super) fn holder(&self) -> Option<CourierId> {
        self.courier_id.filter(|_| matches!(self.status, OrderStatus::Assigned | OrderStatus::PickedUp))
    }

    /// When a decision about it is made: later than all that is known of it, also when that was dated ahead.
    pub(super) fn decided_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let now = timestamp::to_micros(now);
        self.latest_at.map_or(now, |latest| now.max(latest + TimeDelta::microseconds(1)))
    }
}

/// Holds orders, after the couriers who have them: their zones stay as they are, too. `also` are couriers to lock besides,
/// alone or not. Orders that are not known are absent.
///
/// # Errors
/// PostgreSQL does not answer; or the orders went to others again and again while this waited for their couriers.
pub(super) async fn hold(
    facts: &Facts,
    ids: &[OrderId],
    also: &[(CourierId, bool)],
    prepare: Prepare<'_>,
) -> Result<Hold, FactsError> {
    let order_ids: Vec<Uuid> = ids.iter().map(OrderId::as_uuid).collect();
    for _ in 0..HOLD_ATTEMPTS {
        let mut transaction = facts.begin().await?;
        let holders: Vec<Uuid> =
            sqlx::query_scalar(include_str!("sql/holders.sql")).bind(&order_ids).fetch_all(&mut *transaction).await?;
        let locked: Vec<(CourierId, bool)> =
            holders.iter().map(|holder| (CourierId::from(*holder), false)).chain(also.iter().copied()).collect();
        couriers::lock(&mut transaction, &locked).await?;
        if prepare.hear_of {
            sqlx::query(include_str!("sql/hear_of_orders.sql")).bind(&order_ids).execute(&mut *transaction).await?;
        }
        let query = sqlx::query_as::<_, HeldRow>(include_str!("sql/hold_orders.sql"));
        let rows = query.bind(&order_ids).fetch_all(&mut *transaction).await?;
        let held = rows.into_iter().map(held).collect::<Result<Vec<_>, _>>()?;
        let is_locked = |holder: CourierId| locked.iter().any(|(courier, _)| *courier == holder);
        if held.iter().filter_map(Held::holder).all(is_locked) {
            // Behind the locks: of what is told of an order and a decision about it, what took effect first stands first in
            // the log.
            let new = super::log::append(&mut transaction, prepare.log).await?;
            return Ok(Hold { transaction, orders: held, new });
        }
        transaction.rollback().await?;
    }
    Err(FactsError::Contended)
}

/// Orders that are held.
pub(super) struct Hold {
    /// For as long as this lasts.
    pub(super) transaction: Transaction<'static, Postgres>,
    pub(super) orders: Vec<Held>,
    /// Those of the logged events that were not logged before.
    pub(super) new: super::log::New,
}

/// What [`hold`] does besides taking the locks.
#[derive(Clone, Copy)]
pub(super) struct Prepare<'a> {
    /// Appends this to the log, behind the locks.
    pub(super) log: &'a [super::log::Entry<'a>],
    /// Makes a row for each order that is not known.
    pub(super) hear_of: bool,
}

/// An order changes hands between two looks at it; many times in a row is no accident.
const HOLD_ATTEMPTS: u32 = 10;

fn held(row: HeldRow) -> Result<Held, FactsError> {
    Ok(Held {
        order_id: row.order_id.into(),
        zone: row.zone.map(couriers::zone).transpose()?,
        status: status(&row.status)?,
        courier_id: row.courier_id.map(CourierId::from),
        assigned_at: row.assigned_at,
        latest_at: row.latest_at,
        trace: row.traceparent.and_then(|trace| trace.parse().ok()),
    })
}

pub(super) fn status(text: &str) -> Result<OrderStatus, FactsError> {
    text.parse().map_err(|_| FactsError::Value { table: "orders", value: text.to_owned() })
}
