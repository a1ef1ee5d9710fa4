//! Records what events say of orders. All of it may come more than once and in any order, with the same end.

use dispatch_contracts::{event::AddOrder, life::Refusal};
use events::Refused;

use super::Orders;
use crate::{
    domain::change::{Lives, OrderChange},
    error::Error,
    postgres::{changes, news},
};

impl Orders {
    /// Orders that others made, and our own as they come back. The first one with an id wins.
    ///
    /// # Errors
    /// The database.
    pub async fn record_added(&self, added: &[AddOrder]) -> Result<(), Error> {
        Ok(news::add(&self.pool, added).await?)
    }

    /// What happened to orders, also to those that are not known yet. Each order is then shown as all of its changes
    /// have it; what was known already, such as our own events as they come back, costs no further writing. Answers what
    /// of it is new and changes nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn record_changes(&self, heard: &[OrderChange]) -> Result<Vec<Refused>, Error> {
        if heard.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = self.pool.begin().await?;
        changes::lock(&mut transaction, heard.iter().map(|change| change.order_id)).await?;
        let mut new = changes::insert(&mut transaction, heard).await?;
        if new.is_empty() {
            return Ok(Vec::new()); // Known, all of it: their rows are there, and as they should be.
        }
        let known = changes::of_orders(&mut *transaction, new.iter().map(|(order_id, _)| *order_id)).await?;
        let Lives { lives, refused } = Lives::of(&known);
        changes::show(&mut transaction, lives.into_iter()).await?;
        transaction.commit().await?;
        let told_first = heard.iter().filter(|change| new.remove(&change.key()));
        Ok(told_first.filter_map(|change| Some(refused_of(change, *refused.get(&change.key())?))).collect())
    }
}

const fn refused_of(change: &OrderChange, refusal: Refusal) -> Refused {
    let (order_id, event_id) = change.key();
    Refused { event_id, type_name: change.type_name(), order_id, courier_id: change.courier_id, refusal }
}
