//! The use cases: events come in, decisions are made in Redis and recorded in PostgreSQL, and Redis follows what was
//! recorded.
//!
//! ```text
//! AddCourier: facts (PostgreSQL) -> follow (Redis) -> drain, if somebody waits
//! AddOrder:   choose (Redis) -> record (PostgreSQL, log, outbox) -> follow (Redis) -> drain, if somebody could
//! picked up, delivered, cancelled, rejected: facts -> follow -> drain, if somebody waits
//! drain:      choose for the front of the line (Redis) -> record -> follow, in bounded steps
//! sweep:      what a crash left between two of these steps is taken up again
//! reconcile:  what Redis has is compared with the facts, more seldom
//! ```
//!
//! Every step may be repeated, so a crash between any two of them costs time and nothing else.

mod couriers;
mod drain;
mod follow;
mod leave;
mod lives;
mod lookup;
mod orders;
mod pin;
pub mod reconcile;
mod recording;
mod requests;
pub mod sweep;
mod warm;

use std::sync::Arc;

use dispatch_contracts::zone::Zone;
use events::Incoming;
use messaging::{HandlerError, Outbox};
use runtime::{Clock, Ids};
use tokio::sync::Semaphore;

use self::requests::DrainRequests;
use crate::{
    choice::{Choice, ChoiceError},
    domain::policy::Policy,
    facts::{Deciding, Facts, FactsError},
};

/// Zones loaded at a time by this process; each load holds two connections to PostgreSQL.
const LOADS: usize = 2;
/// How often a zone that turns cold again is loaded before a call gives up.
const WARM_ATTEMPTS: u32 = 5;

/// A use case did not come to its end; it may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The facts could not be read or written.
    #[error(transparent)]
    Facts(#[from] FactsError),
    /// Redis could not be asked or told.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// It was ended in the midst.
    #[error("ended in the midst: {0}")]
    Ended(tokio::task::JoinError),
    /// The zone turns cold again as soon as it is loaded.
    #[error("zone {0} does not stay loaded in Redis")]
    Cold(Zone),
}

impl From<DispatchError> for HandlerError {
    fn from(error: DispatchError) -> Self {
        match error {
            DispatchError::Facts(FactsError::Database(error)) => error.into(),
            // A row that cannot be read must not hold up the messages about others.
            DispatchError::Facts(error @ FactsError::Value { .. }) => Self::Rejected(error.to_string()),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// Shows what is counted before there is any of it: whoever watches a counter sees a first one only if there was a number before
/// it.
fn count_from_zero() {
    for name in ["dispatch_assignments_total", "dispatch_picks_swept_total", "dispatch_zone_loads_total"] {
        metrics::counter!(name).increment(0);
    }
    for of in ["orders", "couriers"] {
        metrics::counter!("dispatch_choice_corrections_total", "of" => of).increment(0);
    }
    // To name it is enough for it to be there.
    drop(metrics::histogram!("dispatch_order_wait_seconds"));
}

/// What the use cases work with. Cloning shares it.
#[derive(Clone)]
pub struct Dispatch {
    facts: Facts,
    choice: Choice,
    outbox: Outbox,
    clock: Clock,
    ids: Ids,
    policy: Policy,
    drains: Arc<DrainRequests>,
    loads: Arc<Semaphore>,
}

impl Dispatch {
    /// The use cases over these stores.
    #[must_use]
    pub fn new(facts: Facts, choice: Choice, outbox: Outbox, clock: Clock, ids: Ids, policy: Policy) -> Self {
        count_from_zero();
        let (drains, loads) = (Arc::new(DrainRequests::default()), Arc::new(Semaphore::new(LOADS)));
        Self { facts, choice, outbox, clock, ids, policy, drains, loads }
    }

    fn deciding(&self) -> Deciding<'_> {
        Deciding { outbox: &self.outbox, ids: &self.ids, now: self.clock.now() }
    }

    /// Keeps events in the log that nothing else follows from.
    ///
    /// # Errors
    /// The facts could not be written.
    pub async fn log(&self, events: &[&Incoming]) -> Result<(), DispatchError> {
        Ok(self.facts.log(events).await?)
    }
}
