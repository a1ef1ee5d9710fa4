//! Recording decisions: one transaction for a batch. Where the facts know better than the pick, the facts win.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    event::{Event, OrderAssigned, Payload},
    id::{CourierId, EventId, OrderId},
    zone::Zone,
};
use events::Incoming;
use messaging::{Outbox, TraceParent};
use sqlx::{FromRow, PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::{Facts, FactsError, couriers, log};
use crate::domain::{
    courier::Courier,
    order::{Order, Standing, rank},
    pick::Pick,
};

/// Where a proposal comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// An AddOrder: the order may be new.
    Event(Box<(Incoming, Order)>),
    /// The line, or the sweeper: the order is recorded as waiting, unless somebody was faster.
    Line(Zone, OrderId),
}

/// An order and the courier that Redis chose for it, if any.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The order.
    pub source: Source,
    /// Who was chosen; nobody: it waits.
    pub pick: Option<Pick>,
    /// The id of the assignment, should it come to one.
    pub assignment_event_id: EventId,
}

impl Proposal {
    /// Which order.
    #[must_use]
    pub fn order_id(&self) -> OrderId {
        match &self.source {
            Source::Event(new) => new.1.order_id,
            Source::Line(_, order_id) => *order_id,
        }
    }

    /// The zone in which it was picked.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        match &self.source {
            Source::Event(new) => &new.1.zone,
            Source::Line(zone, _) => zone,
        }
    }

    fn trace(&self) -> TraceParent {
        match &self.source {
            Source::Event(new) => new.0.trace,
            Source::Line(..) => TraceParent::start(),
        }
    }
}

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Recorded {
    /// How each order stands now, in the order of the proposals.
    pub standings: Vec<Standing>,
    /// How many assignments are new.
    pub assigned: usize,
    /// Chosen couriers who do not take orders of that zone (any more), as the facts have them.
    pub unfit: Vec<(Zone, CourierId, Option<Courier>)>,
}

#[derive(FromRow)]
struct StandingRow {
    order_id: Uuid,
    zone: String,
    priority: i16,
    added_at: DateTime<Utc>,
    status: String,
    courier_id: Option<Uuid>,
}

impl Facts {
    /// Records decisions about orders, each order at most once in a batch: the events into the log, the orders, and
    /// for each new assignment an entry of the log and a row of the outbox.
    ///
    /// # Errors
    /// PostgreSQL does not answer; nothing took effect, or all of it, and it may be repeated.
    pub async fn record(
        &self,
        proposals: &[Proposal],
        outbox: &Outbox,
        now: DateTime<Utc>,
    ) -> Result<Recorded, FactsError> {
        let mut transaction = self.begin().await?;
        append_sources(&mut transaction, proposals).await?;
        let known = hold_chosen(&mut transaction, proposals).await?;
        let mut recorded = Recorded::default();
        // A courier who has left the zone is no choice: the order waits, and is picked for anew.
        let fit = |proposal: &Proposal, pick: &Pick| {
            known.get(&pick.courier_id).is_some_and(|courier| courier.takes_orders_of(proposal.zone()))
        };
        let picks: Vec<Option<Pick>> = proposals.iter().map(|p| p.pick.filter(|pick| fit(p, pick))).collect();
        for (proposal, pick) in proposals.iter().zip(&picks) {
            if let (Some(unfit), None) = (proposal.pick, pick) {
                let courier = known.get(&unfit.courier_id).cloned();
                recorded.unfit.push((proposal.zone().clone(), unfit.courier_id, courier));
            }
        }
        let mut written = insert_new(&mut transaction, proposals, &picks, now).await?;
        written.extend(assign_waiting(&mut transaction, proposals, &picks, &written, now).await?);
        recorded.assigned = publish(&mut transaction, proposals, &picks, &written, outbox, now).await?;
        recorded.standings = standings(&mut transaction, proposals).await?;
        transaction.commit().await?;
        outbox.wake();
        Ok(recorded)
    }
}

async fn append_sources(transaction: &mut PgConnection, proposals: &[Proposal]) -> Result<(), FactsError> {
    let entries = proposals.iter().filter_map(|proposal| match &proposal.source {
        Source::Event(new) => Some(log::Entry::from(&new.0)),
        Source::Line(..) => None,
    });
    log::append(transaction, &entries.collect::<Vec<_>>()).await
}

async fn hold_chosen(
    transaction: &mut Transaction<'_, Postgres>,
    proposals: &[Proposal],
) -> Result<HashMap<CourierId, Courier>, FactsError> {
    let chosen: HashSet<Uuid> = proposals.iter().filter_map(|p| Some(p.pick?.courier_id.as_uuid())).collect();
    if chosen.is_empty() {
        return Ok(HashMap::new());
    }
    let chosen: Vec<Uuid> = chosen.into_iter().collect();
    sqlx::query(include_str!("sql/share_couriers.sql")).bind(&chosen).execute(&mut **transaction).await?;
    // A statement of its own: its view begins after the locks were had.
    let known = couriers::read(transaction, &chosen).await?;
    Ok(known.into_iter().map(|courier| (courier.courier_id, courier)).collect())
}

/// Inserts the orders that are new; answers which.
async fn insert_new(
    transaction: &mut PgConnection,
    proposals: &[Proposal],
    picks: &[Option<Pick>],
    now: DateTime<Utc>,
) -> Result<HashSet<OrderId>, FactsError> {
    let new: Vec<(&Order, Option<&Pick>, EventId)> = proposals
        .iter()
        .zip(picks)
        .filter_map(|(proposal, pick)| match &proposal.source {
            Source::Event(new) => Some((&new.1, pick.as_ref(), proposal.assignment_event_id)),
            Source::Line(..) => None,
        })
        .collect();
    if new.is_empty() {
        return Ok(HashSet::new());
    }
    let inserted: Vec<Uuid> = sqlx::query_scalar(include_str!("sql/insert_orders.sql"))
        .bind(new.iter().map(|(order, ..)| order.order_id.as_uuid()).collect::<Vec<_>>())
        .bind(new.iter().map(|(order, ..)| order.zone.as_str()).collect::<Vec<_>>())
        .bind(new.iter().map(|(order, ..)| i16::from(order.priority.get())).collect::<Vec<_>>())
        .bind(new.iter().map(|(order, ..)| order.added_at).collect::<Vec<_>>())
        .bind(new.iter().map(|(_, pick, _)| pick.map(|pick| pick.courier_id.as_uuid())).collect::<Vec<_>>())
        .bind(new.iter().map(|(_, pick, id)| pick.map(|_| id.as_uuid())).collect::<Vec<_>>())
        .bind(new.iter().map(|(_, pick, _)| pick.map(|pick| count(pick.score))).collect::<Vec<_>>())
        .bind(new.iter().map(|(_, pick, _)| pick.and_then(runner_up)).collect::<Vec<_>>())
        .bind(new.iter().map(|(_, pick, _)| pick.map(|pick| count(pick.candidates))).collect::<Vec<_>>())
        .bind(now)
        .fetch_all(transaction)
        .await?;
    Ok(inserted.into_iter().map(OrderId::from).collect())
}

/// Assigns the picked orders that were waiting already; answers which.
async fn assign_waiting(
    transaction: &mut PgConnection,
    proposals: &[Proposal],
    picks: &[Option<Pick>],
    inserted: &HashSet<OrderId>,
    now: DateTime<Utc>,
) -> Result<HashSet<OrderId>, FactsError> {
    let waiting: Vec<(&Proposal, &Pick)> = proposals
        .iter()
        .zip(picks)
        .filter_map(|(proposal, pick)| Some((proposal, pick.as_ref()?)))
        .filter(|(proposal, _)| !inserted.contains(&proposal.order_id()))
        .collect();
    if waiting.is_empty() {
        return Ok(HashSet::new());
    }
    let assigned: Vec<Uuid> = sqlx::query_scalar(include_str!("sql/assign_waiting_orders.sql"))
        .bind(waiting.iter().map(|(proposal, _)| proposal.order_id().as_uuid()).collect::<Vec<_>>())
        .bind(waiting.iter().map(|(proposal, _)| proposal.zone().as_str()).collect::<Vec<_>>())
        .bind(waiting.iter().map(|(_, pick)| pick.courier_id.as_uuid()).collect::<Vec<_>>())
        .bind(waiting.iter().map(|(proposal, _)| proposal.assignment_event_id.as_uuid()).collect::<Vec<_>>())
        .bind(waiting.iter().map(|(_, pick)| count(pick.score)).collect::<Vec<_>>())
        .bind(waiting.iter().map(|(_, pick)| runner_up(pick)).collect::<Vec<_>>())
        .bind(waiting.iter().map(|(_, pick)| count(pick.candidates)).collect::<Vec<_>>())
        .bind(now)
        .fetch_all(transaction)
        .await?;
    Ok(assigned.into_iter().map(OrderId::from).collect())
}

/// Logs the new assignments and puts them into the outbox; answers how many there are.
async fn publish(
    transaction: &mut PgConnection,
    proposals: &[Proposal],
    picks: &[Option<Pick>],
    written: &HashSet<OrderId>,
    outbox: &Outbox,
    now: DateTime<Utc>,
) -> Result<usize, FactsError> {
    let (mut payloads, mut rows) = (Vec::new(), Vec::new());
    for (proposal, pick) in proposals.iter().zip(picks) {
        let (order_id, Some(pick)) = (proposal.order_id(), pick) else { continue };
        if written.contains(&order_id) {
            let zone = proposal.zone().clone();
            let assigned = OrderAssigned { order_id, courier_id: pick.courier_id, zone, assigned_at: now, cause: None };
            let event = Event::new(proposal.assignment_event_id, now, Payload::OrderAssigned(assigned));
            rows.push(events::to_outbox(proposal.assignment_event_id, &event, proposal.trace()));
            payloads.push((proposal.assignment_event_id, event.payload));
        }
    }
    let entries = payloads.iter().map(|(event_id, payload)| log::Entry {
        event_id: *event_id,
        payload,
        message_id: None,
        occurred_at: now,
    });
    log::append(transaction, &entries.collect::<Vec<_>>()).await?;
    outbox.enqueue(transaction, &rows).await?;
    Ok(rows.len())
}

async fn standings(transaction: &mut PgConnection, proposals: &[Proposal]) -> Result<Vec<Standing>, FactsError> {
    let ids: Vec<Uuid> = proposals.iter().map(|proposal| proposal.order_id().as_uuid()).collect();
    let query = sqlx::query_as::<_, StandingRow>(include_str!("sql/standings.sql"));
    let rows = query.bind(ids).fetch_all(transaction).await?;
    let rows: HashMap<OrderId, StandingRow> = rows.into_iter().map(|row| (row.order_id.into(), row)).collect();
    let stands = |proposal: &Proposal| match rows.get(&proposal.order_id()) {
        Some(row) => standing(row, proposal.zone()),
        None => Ok(Standing::Unknown),
    };
    proposals.iter().map(stands).collect()
}

fn standing(row: &StandingRow, zone: &Zone) -> Result<Standing, FactsError> {
    if row.zone != zone.as_str() {
        return Ok(Standing::Elsewhere);
    }
    match (row.status.as_str(), row.courier_id) {
        ("pending", _) => Ok(Standing::Pending(rank(u8::try_from(row.priority).unwrap_or(0), row.added_at))),
        ("assigned" | "picked_up", Some(courier)) => Ok(Standing::Assigned(courier.into())),
        ("delivered" | "cancelled", _) => Ok(Standing::Finished),
        (other, _) => Err(FactsError::Value { table: "orders", value: other.to_owned() }),
    }
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn runner_up(pick: &Pick) -> Option<Uuid> {
    pick.runner_up.map(|courier| courier.as_uuid())
}
