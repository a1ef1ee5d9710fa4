//! The protocol of assignment-service as a model, and checks that explore every interleaving of it within small bounds.
//!
//! The code that is modelled is `dispatch`, `facts`, `choice` and the scripts of assignment-service; modules, functions and
//! phases here bear the names of those there. Whoever changes the protocol changes it here first: the checks find in seconds
//! what random tests find in nights.
//!
//! # What is modelled
//!
//! One step is one script of Redis, one transaction of PostgreSQL, or one call of the queue, and nothing coarser; between any
//! two of them anything else may happen, and a process may die.
//!
//! - [`state`]: a moment of the whole system. [`facts`]: PostgreSQL and its transactions. [`redis`]: a zone and its scripts.
//! - [`hand`]: what a process has under way: choosing, recording, telling Redis, rereading an order of which Redis thinks
//!   otherwise behind the lock of its row, loading a cold zone with a lock and a token, reconciling. There are two hands: any
//!   two of a worker, a drain, a sweep and a loader, in one process or in two.
//! - [`action`]: what may happen next, the troubles among it: a death, a letter that comes again, a loss of Redis, a failover to
//!   a replica that lags behind, a script that runs after its sender has gone. [`rest`]: what a sweep finds to do.
//! - [`scenario`]: the orders, couriers, events and troubles of a run. [`mutation`]: what can be wrong on purpose.
//! - How an order's state follows from its happenings is not modelled: it is `Life::of` itself.
//!
//! # What is checked
//!
//! - Always ([`properties`]): an order is with one courier at a time; what is published, and what is acknowledged, is committed;
//!   nobody is given what they cannot take.
//! - At rest, when nobody has anything to do and the sweep finds nothing: scores are the truth, lines are what waits, zones
//!   know their couriers, consumers agree, and **no order waits that somebody could take**.
//! - Every run comes to rest ([`termination`]). Stateright's own `eventually` cannot say so: it does not see circles, and may
//!   miss a path that joins another. So the graph of all states is shown to have no circle: whatever is done in whatever
//!   order, it ends, and where it ends the properties of rest hold. That needs no fairness but that who can go on does. It is
//!   true of the model because sweeps and reconciling, which in truth are repeated for ever, are steps only where they change
//!   something; as long as others are at work they may come in between as often as the scenario's `early_sweeps` says.
//!
//! Consumers are not stepped through: they know events by their ids and fold them by their times, so what one has heard of is
//! a set, and all of what is published in the end. The relay reads only the outbox; its steps are explored in between all
//! others in one scenario, and at once in the rest, which makes no difference to any property.
//!
//! Known gaps stand in the scenarios that show them ([`Scenario::gaps`]), and the tests demand exactly these. Without
//! reconciling the model finds what is left where a letter comes twice *and* a process dies, and an order that is put in line
//! late; with it, all is mended.
//!
//! # What is not
//!
//! Batches of several orders, time (the age of a pick, declines that age, windows, priorities: the line goes by number),
//! pickups, assignments by hand, couriers who left; that a transaction is one step is taken from its locks; ties are anybody's
//! turn. States are told apart by 64 bits of hash, twice, by two searches.
//!
//! # Running it
//!
//! ```sh
//! cargo test -p protocol-model -- --nocapture          # all scenarios and mutations, and how many states they have
//! cargo run -p protocol-model --example explore -- --help
//! cargo run -p protocol-model --example explore -- --scenario decline         # its gaps, step by step
//! cargo run -p protocol-model --example explore -- --mutation SkipConfirm
//! cargo run -p protocol-model --example explore -- --larger                   # millions of states: minutes, gigabytes
//! cargo run -p protocol-model --example explore -- --serve 127.0.0.1:3000     # a look around in a browser
//! ```

pub mod action;
pub mod facts;
pub mod hand;
pub mod mutation;
pub mod properties;
pub mod redis;
pub mod rest;
pub mod scenario;
pub mod set;
pub mod settlement;
pub mod state;
pub mod story;
pub mod termination;

use stateright::{Model, Property};

pub use self::{action::Action, mutation::Mutation, scenario::Scenario, state::State};

/// The protocol in a scenario, as it is or with something wrong in it.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// What happens.
    pub scenario: Scenario,
    /// What is wrong with it.
    pub mutation: Option<Mutation>,
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.scenario.start()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.enabled(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        self.act(&mut next, action);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
