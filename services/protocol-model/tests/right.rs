//! The protocol as it is: every scenario is explored to its end, and nothing is found but the gaps that are known.

use std::collections::BTreeSet;

use protocol_model::{
    Protocol, Scenario, story,
    termination::{Runs, runs},
};
use stateright::{Checker as _, Expectation, Model as _};

/// Explores everything, and answers the properties that do not hold.
fn broken(scenario: &Scenario) -> BTreeSet<&'static str> {
    let protocol = Protocol { scenario: scenario.clone(), mutation: None };
    let checker = protocol.clone().checker().spawn_bfs().join();
    assert!(checker.is_done(), "the exploration came to its end");
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    let found = checker.discoveries();
    let (mut broken, mut never) = (BTreeSet::new(), Vec::new());
    for property in protocol.properties() {
        match (property.expectation, found.contains_key(property.name)) {
            (Expectation::Sometimes, false) => never.push(property.name),
            (Expectation::Sometimes, true) | (_, false) => {}
            (_, true) => {
                broken.insert(property.name);
            }
        }
    }
    assert!(never.is_empty(), "{}: never: {never:?}", scenario.name);
    match runs(&protocol) {
        Runs::End { states: seen, longest } => {
            assert_eq!(seen, states, "two searches of {} see the same states", scenario.name);
            let with = if scenario.reconciles { ", reconciled" } else { "" };
            println!(
                "{}{with}: {states} states, shortest ways up to {depth} steps, runs up to {longest}",
                scenario.name
            );
        }
        Runs::Circle(steps) => {
            let steps = steps.into_iter().map(|(state, action)| (state, Some(action))).collect();
            panic!("{}: a run goes in circles: {:#?}", scenario.name, story::of(steps));
        }
    }
    broken
}

fn explore(scenario: &Scenario) {
    let gaps = scenario.gaps.iter().copied().collect();
    assert_eq!(broken(scenario), gaps, "{}", scenario.name);
}

macro_rules! scenarios {
    ($($name:ident)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn has_no_gap_but_the_known_ones() {
                explore(&Scenario::$name());
            }

            #[test]
            fn has_no_gap_when_reconciled() {
                explore(&Scenario::$name().reconciled());
            }
        }
    )*};
}

scenarios! { two_workers redis_loss zone_move carried cancel_races_assign decline capacity one_id_two_zones }

#[test]
fn a_failover_is_mended_by_reconciling() {
    explore(&Scenario::failover());
}

#[test]
fn a_stray_script_is_mended_by_reconciling() {
    explore(&Scenario::stray_script());
}

#[test]
fn a_move_that_a_failover_forgot_is_learned_by_reconciling() {
    explore(&Scenario::failover_of_a_move());
}

/// Reconciling is for what two troubles together leave: a letter that comes twice, and a death. What one of them leaves is
/// mended by the letter's redelivery and the sweep; but for an order in line that does not wait any more.
#[test]
fn one_trouble_needs_no_reconciling() {
    let line = [protocol_model::properties::LINE_IS_WHAT_WAITS].into_iter().collect();
    for scenario in [Scenario::redis_loss(), Scenario::carried(), Scenario::cancel_races_assign(), Scenario::decline()]
    {
        for (crashes, redeliveries) in [(0, 1), (1, 0)] {
            let mut scenario = scenario.clone();
            (scenario.faults.crashes, scenario.faults.redeliveries) = (crashes, redeliveries);
            let (name, found) = (scenario.name, broken(&scenario));
            assert!(found.is_subset(&line), "{name} with {crashes} crashes and {redeliveries} redeliveries: {found:?}");
        }
    }
}
