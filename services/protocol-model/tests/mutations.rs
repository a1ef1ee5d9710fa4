//! The protocol with something wrong in it: the model finds each.

use std::collections::BTreeSet;

use protocol_model::{
    Mutation, Protocol, Scenario,
    properties::{
        ACKNOWLEDGED_IS_COMMITTED, COURIERS_AS_IN_FACTS, GIVEN_TO_THE_ABLE, NOBODY_WAITS_FOR_NOTHING, ONE_COURIER,
        PUBLISHED_IS_COMMITTED, SCORE_NOT_ABOVE, SCORE_NOT_BELOW,
    },
    termination::{Runs, runs},
};
use stateright::{Checker as _, HasDiscoveries, Model as _};

/// Where a mutation is found, and by which property. None where no property is broken.
fn found_by(mutation: Mutation) -> Option<(Scenario, &'static str)> {
    let one_crash = |mut scenario: Scenario| {
        scenario.faults.redeliveries = 0;
        scenario
    };
    Some(match mutation {
        Mutation::SkipConfirm => (Scenario::redis_loss(), SCORE_NOT_BELOW),
        Mutation::PublishBeforeCommit => (Scenario::two_workers(), PUBLISHED_IS_COMMITTED),
        Mutation::AcknowledgeBeforeCommit => (Scenario::two_workers(), ACKNOWLEDGED_IS_COMMITTED),
        Mutation::AssignOverAnother => (Scenario::decline(), ONE_COURIER),
        Mutation::AssignUnchecked => (Scenario::zone_move(), GIVEN_TO_THE_ABLE),
        Mutation::NoWarmMarker => (Scenario::redis_loss(), NOBODY_WAITS_FOR_NOTHING),
        Mutation::ColdIsEnough => (Scenario::redis_loss(), SCORE_NOT_BELOW),
        Mutation::LoaderWithoutToken => (Scenario::redis_loss(), NOBODY_WAITS_FOR_NOTHING),
        // The token keeps the zone right; but see below.
        Mutation::LoaderWithoutLock => return None,
        Mutation::ConfirmWithoutReread => (Scenario::capacity(), SCORE_NOT_ABOVE),
        Mutation::RereadWithoutHolding => (Scenario::capacity(), NOBODY_WAITS_FOR_NOTHING),
        Mutation::AwaitTakesRecorded => (Scenario::zone_move(), SCORE_NOT_BELOW),
        Mutation::ReleaseTakesRecorded => (Scenario::two_workers(), SCORE_NOT_BELOW),
        Mutation::ReleaseCountsTwice => (Scenario::capacity(), SCORE_NOT_BELOW),
        Mutation::NoSweep => (one_crash(Scenario::decline()), NOBODY_WAITS_FOR_NOTHING),
        Mutation::NoRevision => (Scenario::zone_move(), COURIERS_AS_IN_FACTS),
        Mutation::NoTombstone => (Scenario::zone_move(), COURIERS_AS_IN_FACTS),
        Mutation::LeftUnquestioned => (Scenario::failover_of_a_move(), COURIERS_AS_IN_FACTS),
        Mutation::CarriedWithoutRevision => (Scenario::carried(), COURIERS_AS_IN_FACTS),
    })
}

#[test]
fn each_mutation_is_found() {
    for mutation in Mutation::ALL {
        let Some((scenario, property)) = found_by(mutation) else { continue };
        let name = scenario.name;
        assert!(!scenario.gaps.contains(&property), "{mutation:?}: found without it, too");
        let protocol = Protocol { scenario, mutation: Some(mutation) };
        let until = HasDiscoveries::AnyOf(BTreeSet::from([property]));
        let checker = protocol.checker().finish_when(until).spawn_bfs().join();
        let path = checker.discovery(property);
        let steps = path.unwrap_or_else(|| panic!("{mutation:?} was not found in {name}")).into_actions().len();
        println!("{mutation:?}: in {name}, against {property:?}, after {steps} steps");
    }
}

/// The token of a loader is what keeps a zone right. Without the lock two loaders may overtake each other for ever.
#[test]
fn a_loader_without_the_lock_may_never_end() {
    let mut scenario = Scenario::redis_loss().reconciled();
    scenario.faults.redeliveries = 0;
    let protocol = Protocol { scenario, mutation: Some(Mutation::LoaderWithoutLock) };
    assert!(matches!(runs(&protocol), Runs::Circle(_)));
    protocol.checker().spawn_bfs().join().assert_properties();
}

/// A courier's move that is not told to the former zone is learned there by reconciling.
#[test]
fn a_move_without_a_tombstone_is_mended_by_reconciling() {
    let protocol = Protocol { scenario: Scenario::zone_move().reconciled(), mutation: Some(Mutation::NoTombstone) };
    protocol.checker().spawn_bfs().join().assert_properties();
}
