//! Letters whose effect is in the facts first: `dispatch/couriers.rs` and `dispatch/lives.rs`.

use super::{Job, Step};
use crate::{
    Protocol,
    scenario::Event,
    state::{Change, Happening, State},
};

impl Protocol {
    /// One transaction; Redis follows.
    pub(super) fn commit(&self, state: &mut State, job: Job) -> Option<Step> {
        let Job::Letter(letter) = job else { return None };
        let at = state.letters[letter].said.unwrap_or(0);
        let updates = match self.scenario.events[letter] {
            Event::Courier(courier, news) => state.facts.take_over(letter, courier, news, self.mutation),
            Event::Cancelled(order) => {
                state.facts.live(letter, order, Happening { at, change: Change::Cancelled }, self.mutation)
            }
            Event::Delivered(order) => {
                state.facts.live(letter, order, Happening { at, change: Change::Delivered }, self.mutation)
            }
            Event::Rejected(order, courier) => {
                let now = state.now(order, &self.scenario.events);
                state.facts.reject(letter, order, courier, now)
            }
            // Chosen before it is committed.
            Event::Add(..) => Vec::new(),
        };
        self.then_follow(job, updates)
    }
}
