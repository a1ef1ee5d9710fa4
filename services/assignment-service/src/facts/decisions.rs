//! Decisions about orders: each is an entry of the log and a row of the outbox, in the transaction that makes it true.

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    event::{Event, Payload},
    id::EventId,
};
use messaging::{Outbox, outbox::OutboxEvent};
use runtime::Ids;
use sqlx::PgConnection;
use trace::TraceParent;

use super::{FactsError, log};
use crate::domain::pick::Inputs;

/// With what decisions are made.
#[derive(Clone, Copy)]
pub struct Deciding<'a> {
    /// Where decisions leave.
    pub outbox: &'a Outbox,
    /// Where their ids come from.
    pub ids: &'a Ids,
    /// The time.
    pub now: DateTime<Utc>,
}

/// A decision about an order.
pub(super) struct Decision {
    pub(super) event_id: EventId,
    pub(super) at: DateTime<Utc>,
    pub(super) payload: Payload,
    /// What it was based on.
    pub(super) inputs: Option<Inputs>,
    /// What it follows from.
    pub(super) cause: TraceParent,
    /// When that happened; nothing where how long it took since says nothing of Dispatch.
    pub(super) caused_at: Option<DateTime<Utc>>,
}

/// Logs decisions, behind the events that they follow from, and puts them into the outbox.
pub(super) async fn publish(
    transaction: &mut PgConnection,
    outbox: &Outbox,
    sources: Vec<log::Entry<'_>>,
    decisions: Vec<Decision>,
) -> Result<(), FactsError> {
    let (mut events, mut rows) = (Vec::with_capacity(decisions.len()), Vec::with_capacity(decisions.len()));
    for Decision { event_id, at, payload, inputs, cause, caused_at } in decisions {
        let event = Event::new(event_id, at, payload);
        rows.push(OutboxEvent { caused_at, ..events::to_outbox(event_id, &event, cause) });
        events.push((event_id, at, event.payload, inputs));
    }
    let decided = events.iter().map(|(id, at, payload, inputs)| log::Entry::decision(*id, *at, payload, *inputs));
    let entries: Vec<_> = sources.into_iter().chain(decided).collect();
    log::append(transaction, &entries).await?;
    outbox.enqueue(transaction, &rows).await?;
    Ok(())
}
