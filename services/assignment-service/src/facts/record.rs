//! Recording decisions: one transaction for a batch. Where the facts know better than the pick, the facts win.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use dispatch_contracts::{
    event::{OrderAssigned, Payload},
    id::{EventId, OrderId},
    timestamp,
    zone::Zone,
};
use events::Incoming;
use messaging::Outbox;
use sqlx::{FromRow, PgConnection};
use trace::{Kind, Span, TraceParent};
use uuid::Uuid;

use super::{
    Facts, FactsError,
    decisions::{self, Decision},
    fitness::{self, Unfit},
    log, orders,
};
use crate::domain::{
    order::{Order, Standing},
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

    /// Of an order that did not have to wait: where it came in, and when that happened.
    pub(super) fn cause(&self) -> Option<(TraceParent, DateTime<Utc>)> {
        match &self.source {
            Source::Event(new) => Some((new.0.trace, new.0.version.at)),
            Source::Line(..) => None,
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
    /// How long those of them waited that had to.
    pub waited: Vec<TimeDelta>,
    /// Chosen couriers who could not take the order after all.
    pub unfit: Vec<Unfit>,
}

impl Facts {
    /// Records decisions about orders: the events into the log, the orders, and for each new assignment an entry of the
    /// log and a row of the outbox. An order that is in the batch twice is assigned once all the same. Whoever declined an
    /// order within `decline_ttl` does not get it, also where they were picked before they did.
    ///
    /// # Errors
    /// PostgreSQL does not answer; nothing took effect, or all of it, and it may be repeated.
    pub async fn record(
        &self,
        proposals: &[Proposal],
        outbox: &Outbox,
        now: DateTime<Utc>,
        decline_ttl: Duration,
    ) -> Result<Recorded, FactsError> {
        let now = timestamp::to_micros(now);
        let declined_since = now - TimeDelta::from_std(decline_ttl).unwrap_or(TimeDelta::zero());
        let _spans = spans(proposals);
        let mut transaction = self.begin().await?;
        let sources = sources(proposals);
        log::hear_of_zones(&mut transaction, &sources).await?;
        let (picks, unfit) = fitness::fit(&mut transaction, proposals).await?;
        let mut written = insert_new(&mut transaction, proposals, &picks, now).await?;
        written.extend(assign_waiting(&mut transaction, proposals, &picks, &written, (now, declined_since)).await?);
        let decisions = decisions(proposals, &picks, &written);
        let assigned = decisions.len();
        let waited = written.values().filter_map(|new| Some(now - new.waited?.1)).collect();
        decisions::publish(&mut transaction, outbox, sources, decisions).await?;
        let asked: Vec<_> = proposals.iter().map(|proposal| (proposal.zone(), proposal.order_id())).collect();
        let standings = orders::standings(&mut transaction, &asked).await?;
        transaction.commit().await?;
        outbox.wake();
        Ok(Recorded { standings, assigned, waited, unfit })
    }
}

/// One in the trace of each order that came just now.
fn spans(proposals: &[Proposal]) -> Vec<Span> {
    let came = proposals.iter().filter_map(|proposal| Some((proposal, proposal.cause()?.0)));
    let spans = came.map(|(proposal, trace)| {
        let mut span = Span::start(Kind::Client, "postgresql record", trace);
        if let Some(pick) = &proposal.pick {
            span.set("dispatch.courier.id", pick.courier_id);
            span.set("dispatch.courier.score", pick.score);
            span.set("dispatch.candidates", pick.candidates);
        }
        span
    });
    spans.collect()
}

fn sources(proposals: &[Proposal]) -> Vec<log::Entry<'_>> {
    let events = proposals.iter().filter_map(|proposal| match &proposal.source {
        Source::Event(new) => Some(&new.0),
        Source::Line(..) => None,
    });
    events.map(log::Entry::from).collect()
}

/// The new assignments.
type Written = HashMap<OrderId, New>;

/// A new assignment: which, when it was made, and of an order that had to wait, with which trace it came, and since when it waited.
#[derive(Clone, Copy)]
struct New {
    event_id: EventId,
    at: DateTime<Utc>,
    waited: Option<(Option<TraceParent>, DateTime<Utc>)>,
}

/// Inserts the orders that are new; answers which of them were assigned by that.
async fn insert_new(
    transaction: &mut PgConnection,
    proposals: &[Proposal],
    picks: &[Option<Pick>],
    now: DateTime<Utc>,
) -> Result<Written, FactsError> {
    let new: Vec<(&Order, Option<&Pick>, EventId, TraceParent)> = proposals
        .iter()
        .zip(picks)
        .filter_map(|(proposal, pick)| match &proposal.source {
            Source::Event(new) => Some((&new.1, pick.as_ref(), proposal.assignment_event_id, new.0.trace)),
            Source::Line(..) => None,
        })
        .collect();
    if new.is_empty() {
        return Ok(Written::new());
    }
    let inserted: HashSet<Uuid> = sqlx::query_scalar(include_str!("sql/insert_orders.sql"))
        .bind(new.iter().map(|(order, ..)| order.order_id.as_uuid()).collect::<Vec<_>>())
        .bind(new.iter().map(|(order, ..)| order.zone.as_str()).collect::<Vec<_>>())
        .bind(new.iter().map(|(order, ..)| i16::from(order.priority.get())).collect::<Vec<_>>())
        .bind(new.iter().map(|(order, ..)| order.added_at).collect::<Vec<_>>())
        .bind(new.iter().map(|(_, pick, ..)| pick.map(|pick| pick.courier_id.as_uuid())).collect::<Vec<_>>())
        .bind(new.iter().map(|(_, pick, id, _)| pick.map(|_| id.as_uuid())).collect::<Vec<_>>())
        .bind(new.iter().map(|(_, pick, ..)| pick.map(|pick| count(pick.score))).collect::<Vec<_>>())
        .bind(new.iter().map(|(_, pick, ..)| pick.and_then(runner_up)).collect::<Vec<_>>())
        .bind(new.iter().map(|(_, pick, ..)| pick.map(|pick| count(pick.candidates))).collect::<Vec<_>>())
        .bind(now)
        .bind(new.iter().map(|(.., trace)| trace.to_string()).collect::<Vec<_>>())
        .fetch_all(transaction)
        .await?
        .into_iter()
        .collect();
    let is_inserted = |order: &Order| inserted.contains(&order.order_id.as_uuid());
    let written = new.iter().filter(|(order, ..)| is_inserted(order));
    Ok(written.map(|(order, _, id, _)| (order.order_id, New { event_id: *id, at: now, waited: None })).collect())
}

#[derive(FromRow)]
struct AssignedRow {
    order_id: Uuid,
    assignment_event_id: Uuid,
    assigned_at: DateTime<Utc>,
    traceparent: Option<String>,
    since: DateTime<Utc>,
}

/// Assigns the picked orders that were waiting already; answers which.
async fn assign_waiting(
    transaction: &mut PgConnection,
    proposals: &[Proposal],
    picks: &[Option<Pick>],
    inserted: &Written,
    (now, declined_since): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Written, FactsError> {
    let waiting: Vec<(&Proposal, &Pick)> = proposals
        .iter()
        .zip(picks)
        .filter_map(|(proposal, pick)| Some((proposal, pick.as_ref()?)))
        .filter(|(proposal, _)| !inserted.contains_key(&proposal.order_id()))
        .collect();
    if waiting.is_empty() {
        return Ok(Written::new());
    }
    let assigned: Vec<AssignedRow> = sqlx::query_as(include_str!("sql/assign_waiting_orders.sql"))
        .bind(waiting.iter().map(|(proposal, _)| proposal.order_id().as_uuid()).collect::<Vec<_>>())
        .bind(waiting.iter().map(|(proposal, _)| proposal.zone().as_str()).collect::<Vec<_>>())
        .bind(waiting.iter().map(|(_, pick)| pick.courier_id.as_uuid()).collect::<Vec<_>>())
        .bind(waiting.iter().map(|(proposal, _)| proposal.assignment_event_id.as_uuid()).collect::<Vec<_>>())
        .bind(waiting.iter().map(|(_, pick)| count(pick.score)).collect::<Vec<_>>())
        .bind(waiting.iter().map(|(_, pick)| runner_up(pick)).collect::<Vec<_>>())
        .bind(waiting.iter().map(|(_, pick)| count(pick.candidates)).collect::<Vec<_>>())
        .bind(now)
        .bind(declined_since)
        .fetch_all(transaction)
        .await?;
    let new = |row: AssignedRow| {
        let trace = row.traceparent.and_then(|trace| trace.parse().ok());
        let event_id = row.assignment_event_id.into();
        (OrderId::from(row.order_id), New { event_id, at: row.assigned_at, waited: Some((trace, row.since)) })
    };
    Ok(assigned.into_iter().map(new).collect())
}

fn decisions(proposals: &[Proposal], picks: &[Option<Pick>], written: &Written) -> Vec<Decision> {
    let decision = |(proposal, pick): (&Proposal, &Option<Pick>)| {
        let pick = (*pick)?;
        let (order_id, courier_id) = (proposal.order_id(), pick.courier_id);
        let New { event_id, at, waited } =
            *written.get(&order_id).filter(|new| new.event_id == proposal.assignment_event_id)?;
        let zone = proposal.zone().clone();
        let payload =
            Payload::OrderAssigned(OrderAssigned { order_id, courier_id, zone, assigned_at: at, cause: None });
        let inputs = Some(pick.into());
        // An order that had to wait goes on in its own trace, whoever made it possible.
        let (cause, caused_at) = match (waited, proposal.cause()) {
            (None, Some((trace, at))) => (trace, Some(at)),
            (waited, _) => (waited.and_then(|(trace, _)| trace).unwrap_or_else(TraceParent::start), None),
        };
        Some(Decision { event_id, at, payload, inputs, cause, caused_at })
    };
    proposals.iter().zip(picks).filter_map(decision).collect()
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn runner_up(pick: &Pick) -> Option<Uuid> {
    pick.runner_up.map(|courier| courier.as_uuid())
}
