//! Lookups: decisions and loads from the facts, the order of choice from Redis.

use dispatch_contracts::{
    id::{CourierId, OrderId},
    zone::Zone,
};

use super::{Dispatch, DispatchError, WARM_ATTEMPTS};
use crate::{
    choice::{Warm, ZoneView},
    facts::{Assignment, CourierLoad, DecisionRow},
};

/// Couriers and orders shown of a zone.
const VIEW: usize = 100;

impl Dispatch {
    /// What is decided about an order; nothing when it was not heard of.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn assignment(&self, order_id: OrderId) -> Result<Option<Assignment>, DispatchError> {
        Ok(self.facts.assignment(order_id).await?)
    }

    /// The decision about an order, or why there is none; nothing when it was not heard of.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn decision(&self, order_id: OrderId) -> Result<Option<DecisionRow>, DispatchError> {
        Ok(self.facts.decision(order_id, &self.policy, self.clock.now()).await?)
    }

    /// How loaded a courier is; nothing when they were not heard of.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn courier_load(&self, courier_id: CourierId) -> Result<Option<CourierLoad>, DispatchError> {
        Ok(self.facts.courier_load(courier_id).await?)
    }

    /// Who of a zone is next and what waits; nothing when no event named it.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer.
    pub async fn zone(&self, zone: &Zone) -> Result<Option<ZoneView>, DispatchError> {
        if !self.facts.knows_zone(zone).await? {
            return Ok(None);
        }
        for _ in 0..WARM_ATTEMPTS {
            match self.choice.view(zone, VIEW, self.clock.now()).await? {
                Warm::Answer(view) => return Ok(Some(view)),
                Warm::Cold => self.warm(zone).await?,
            }
        }
        Err(DispatchError::Cold(zone.clone()))
    }
}
