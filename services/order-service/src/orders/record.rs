//! Records what events say of orders. All of it may come more than once and in any order, with the same end.

use dispatch_contracts::{
    event::{AddOrder, OrderAssigned, OrderUnassigned},
    id::EventId,
};

use super::Orders;
use crate::{error::Error, postgres::news};

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

impl Orders {
    /// Orders that others made, and our own as they come back. The first one with an id wins.
    ///
    /// # Errors
    /// The database.
    pub async fn record_added(&self, added: &[AddOrder]) -> Result<(), Error> {
        Ok(news::add(&self.pool, added).await?)
    }

    /// Who has which order. The newest decision wins; an order that is not known yet is remembered.
    ///
    /// # Errors
    /// The database.
    pub async fn record_decisions(&self, given: &[Given], taken: &[Taken]) -> Result<(), Error> {
        // Two statements and no transaction: each alone may be repeated, and none holds locks while it waits for
        // others.
        news::give(&self.pool, given).await?;
        news::take(&self.pool, taken).await?;
        Ok(())
    }
}
