//! Telling a path through the model, a line for each step.

use crate::{
    Action, State,
    hand::{Hand, Step},
};

/// The steps, each with what it finds.
#[must_use]
pub fn of(path: Vec<(State, Option<Action>)>) -> Vec<String> {
    let line = |(state, action): (State, Option<Action>)| Some(step(&state, action?));
    path.into_iter().filter_map(line).collect()
}

fn step(state: &State, action: Action) -> String {
    let Action::Step(hand, pick) = action else { return format!("{action:?}") };
    let picks = pick.map(|courier| format!(", picks courier {courier}")).unwrap_or_default();
    match &state.hands[hand] {
        Hand::Idle => format!("hand {hand} idles"),
        Hand::Busy(job, Step::Load(zone, phase, ..)) => format!("hand {hand} for {job:?}: Load({zone}, {phase:?})"),
        Hand::Busy(job, step) => format!("hand {hand} for {job:?}: {step:?}{picks}"),
    }
}
