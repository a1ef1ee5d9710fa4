//! Records who got which order. All of it may come more than once and in any order, with the same end.

use dispatch_contracts::{
    event::{OrderAssigned, OrderUnassigned},
    id::EventId,
};

use super::Pairs;
use crate::{error::Error, postgres::pairs};

/// News that somebody got an order.
#[derive(Debug, Clone)]
pub struct Given {
    /// The decision.
    pub decision: OrderAssigned,
    /// Its event; the greater one wins among decisions of one moment.
    pub event_id: EventId,
}

/// News that somebody has an order no longer.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The decision.
    pub decision: OrderUnassigned,
    /// Its event; the greater one wins among decisions of one moment.
    pub event_id: EventId,
}

impl Pairs {
    /// Who has which order. The newest decision wins; neither the order nor the courier needs to be known.
    ///
    /// # Errors
    /// The database.
    pub async fn record(&self, given: &[Given], taken: &[Taken]) -> Result<(), Error> {
        // Two statements and no transaction: each alone may be repeated, and none holds locks while it waits for
        // others.
        pairs::give(&self.pool, given).await?;
        pairs::take(&self.pool, taken).await?;
        Ok(())
    }
}
