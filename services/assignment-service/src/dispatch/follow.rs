//! Making Redis follow what is committed.

use std::collections::HashSet;

use dispatch_contracts::zone::Zone;

use super::{Dispatch, DispatchError, WARM_ATTEMPTS};
use crate::{
    choice::{Told, Warm},
    domain::settlement::Update,
};

impl Dispatch {
    /// Tells the zones, loading those that are cold: a zone that was loaded meanwhile may have been loaded from what
    /// was committed before. Where somebody can take what waits, a drain is asked for.
    pub(super) async fn follow(&self, mut updates: Vec<Update>) -> Result<(), DispatchError> {
        for _ in 0..WARM_ATTEMPTS {
            let answers = self.choice.update(&updates).await?;
            let mut cold = Vec::new();
            for (update, answer) in updates.into_iter().zip(answers) {
                match answer {
                    Warm::Answer(Told::Follows { drainable: true }) => self.drains.request(update.zone()),
                    Warm::Answer(Told::Follows { drainable: false } | Told::Stale) => {}
                    Warm::Cold => cold.push(update),
                }
            }
            if cold.is_empty() {
                return Ok(());
            }
            let zones: HashSet<Zone> = cold.iter().map(|update| update.zone().clone()).collect();
            for zone in &zones {
                self.warm(zone).await?;
            }
            updates = cold;
        }
        match updates.first() {
            Some(update) => Err(DispatchError::Cold(update.zone().clone())),
            None => Ok(()),
        }
    }
}
