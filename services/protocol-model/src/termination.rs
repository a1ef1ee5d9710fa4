//! That every run ends.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use stateright::Model as _;

use crate::{Action, Protocol, State};

/// What a search of all runs came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Every run ends, after so many steps at most.
    End {
        /// States that were seen.
        states: usize,
        /// The length of the longest run.
        longest: usize,
    },
    /// There is a state that a run comes back to, with these steps.
    Circle(Vec<(State, Action)>),
}

enum Seen {
    /// On the way to it.
    Open,
    /// Every run from here ends after so many steps.
    Ends(usize),
}

struct Place {
    print: u64,
    state: State,
    actions: Vec<Action>,
    /// The step that is followed now.
    under_way: Option<Action>,
    longest: usize,
}

/// Follows all runs, depth first, and looks for one that comes back to where it was.
#[must_use]
pub fn runs(model: &Protocol) -> Runs {
    let mut seen: HashMap<u64, Seen> = HashMap::new();
    let mut way = Vec::new();
    enter(model, model.scenario.start(), &mut seen, &mut way);
    let mut longest = 0;
    while let Some(place) = way.last_mut() {
        let Some(action) = place.actions.pop() else {
            longest = place.longest;
            seen.insert(place.print, Seen::Ends(longest));
            way.pop();
            if let Some(before) = way.last_mut() {
                before.longest = before.longest.max(longest + 1);
            }
            continue;
        };
        let Some(next) = model.next_state(&place.state, action) else { continue };
        place.under_way = Some(action);
        let print = fingerprint(&next);
        match seen.get(&print) {
            Some(Seen::Open) => {
                let circle = way.into_iter().skip_while(|place| place.print != print);
                return Runs::Circle(circle.filter_map(|place| Some((place.state, place.under_way?))).collect());
            }
            Some(Seen::Ends(steps)) => place.longest = place.longest.max(steps + 1),
            None => enter(model, next, &mut seen, &mut way),
        }
    }
    Runs::End { states: seen.len(), longest }
}

fn enter(model: &Protocol, state: State, seen: &mut HashMap<u64, Seen>, way: &mut Vec<Place>) {
    let print = fingerprint(&state);
    seen.insert(print, Seen::Open);
    let mut actions = Vec::new();
    model.actions(&state, &mut actions);
    way.push(Place { print, state, actions, under_way: None, longest: 0 });
}

fn fingerprint(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
