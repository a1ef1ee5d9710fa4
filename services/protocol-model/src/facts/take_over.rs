//! News of couriers: `facts/couriers.rs`.

use super::{Facts, Known};
use crate::{
    mutation::Mutation,
    settlement::Update,
    state::{Courier, LetterNo},
};

impl Facts {
    /// One transaction: the news into the log, and over what is known if it is newer. Answers what Redis has to follow: how
    /// the courier is now.
    pub fn take_over(
        &mut self,
        letter: LetterNo,
        courier: Courier,
        news: Known,
        mutation: Option<Mutation>,
    ) -> Vec<Update> {
        self.heard.insert(letter);
        match &mut self.couriers[courier] {
            Some(known) if known.version >= news.version => {}
            Some(known) => {
                let former = if known.zone == news.zone { known.former } else { Some(known.zone) };
                *known = Known { revision: known.revision + 1, former, ..news };
            }
            unknown @ None => *unknown = Some(news),
        }
        let mut updates = self.entries(courier);
        if mutation == Some(Mutation::NoTombstone) {
            updates.drain(..updates.len().saturating_sub(1));
        }
        updates
    }
}
