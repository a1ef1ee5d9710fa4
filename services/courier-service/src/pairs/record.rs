//! Records what events say of orders. All of it may come more than once and in any order, with the same end.

use dispatch_contracts::life::Refusal;
use events::Refused;

use super::Pairs;
use crate::{
    domain::change::{Lives, PairChange},
    error::Error,
    postgres::changes,
};

impl Pairs {
    /// What happened to orders; neither the order nor the courier needs to be known. Who has each order is then what
    /// all of its changes make of it; what was known already costs no further writing. Answers what of it is new and changes
    /// nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn record(&self, heard: &[PairChange]) -> Result<Vec<Refused>, Error> {
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
        let Lives { standings, refused } = Lives::of(&known);
        changes::show(&mut transaction, standings.into_iter()).await?;
        transaction.commit().await?;
        let told_first = heard.iter().filter(|change| new.remove(&change.key()));
        Ok(told_first.filter_map(|change| Some(refused_of(change, *refused.get(&change.key())?))).collect())
    }
}

const fn refused_of(change: &PairChange, refusal: Refusal) -> Refused {
    let (order_id, event_id) = change.key();
    Refused { event_id, type_name: change.type_name(), order_id, courier_id: change.courier_id, refusal }
}
