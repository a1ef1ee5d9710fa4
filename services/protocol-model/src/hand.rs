//! What a process has under way, step by step: `dispatch` of assignment-service. Each function here does one step, which is
//! one script, one transaction, or one call to the queue; a process may die between any two.
//!
//! A hand is whatever runs beside others: a worker of the consumer, a drain, a sweep, in one process or in several, for
//! nothing of importance is shared in memory. A batch is of one order here. Of a real one each order is chosen by a script of
//! its own, and is told to Redis by one; what they share is a transaction, so to commit them one by one leaves out nothing
//! that may come in between; where two looks of a drain pick one order, only the later pick gets that far.

mod commit;
mod follow;
mod load;
mod reconcile;
mod settle;

use self::follow::Following;
pub use self::{load::Phase, reconcile::Stage};
use crate::{
    Protocol,
    facts::{Proposal, Snapshot, Unfit},
    settlement::Update,
    state::{Courier, HandNo, LetterNo, Order, State, Zone},
};

/// Something under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Hand {
    /// Nothing is.
    Idle,
    /// This is, and this is the next step.
    Busy(Job, Step),
}

/// What for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// A received letter.
    Letter(LetterNo),
    /// Giving what waits to couriers.
    Drain(Zone),
    /// Taking up what was left behind.
    Sweep,
    /// Comparing a zone with the facts; what comes when all is told that follows from the stage before.
    Reconcile(Zone, Stage),
}

/// The next step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Ask Redis for a courier: `assign_order`.
    Choose(Order, Zone),
    /// Publish a pick that is not committed; only if that is the mutation.
    PublishEarly(Proposal, Option<Courier>),
    /// Record a choice; with whom Redis has the order.
    Record(Proposal, Option<Courier>),
    /// Commit what the letter says of a courier or of the rest of an order's life.
    Commit,
    /// Tell Redis of a courier whom it should not have chosen; whether after a second look; and what is to follow.
    CorrectCourier(Zone, Unfit, bool, Option<Update>),
    /// Look at that courier again: Redis knows something newer.
    LookAgain(Zone, Unfit, Option<Update>),
    /// Make the zone cold: it contradicts the facts.
    Forget(Zone, Option<Update>),
    /// Tell Redis what is committed.
    Follow(Following),
    /// Hold the row of an order of which Redis thinks otherwise, and read how it stands.
    Hold(Following),
    /// Tell Redis how it stands, and let go of it.
    Correct(Update, Following),
    /// Load a cold zone, then go on with a step; nothing: the drain is asked for again.
    Load(Zone, Phase, Snapshot, Option<Box<Step>>),
    /// Read the next part of a zone, of Redis or of the facts, and compare.
    Reconcile(Zone, Stage),
    /// Delete the letter.
    Acknowledge,
}

impl Protocol {
    /// Whether a hand can go on, or waits for a lock; and whom it may pick, where it picks.
    pub(crate) fn ways(&self, state: &State, hand: HandNo) -> Vec<Option<Courier>> {
        let Hand::Busy(job, step) = &state.hands[hand] else { return Vec::new() };
        let goes_on = match step {
            Step::Choose(order, zone) => {
                let cache = &state.redis[*zone];
                if !cache.is_cold(self.mutation) && cache.known(*order).is_none() {
                    return cache.best(*order).map(Some).collect();
                }
                true
            }
            Step::Record(proposal, _) => state.facts.can_record(proposal),
            Step::Commit => match job {
                Job::Letter(letter) => {
                    self.scenario.events[*letter].order().is_none_or(|order| !state.facts.is_held(order))
                }
                Job::Drain(_) | Job::Sweep | Job::Reconcile(..) => true,
            },
            Step::Hold(following) => following.doubtful().is_none_or(|order| !state.facts.is_held(order)),
            Step::Load(zone, Phase::Check, ..) => self.can_load(state, *zone),
            _ => true,
        };
        if goes_on { vec![None] } else { Vec::new() }
    }

    /// Does the next step of a hand.
    pub(crate) fn step(&self, state: &mut State, hand: HandNo, pick: Option<Courier>) {
        let Hand::Busy(mut job, step) = std::mem::replace(&mut state.hands[hand], Hand::Idle) else { return };
        let next = match step {
            Step::Choose(order, zone) => self.choose(state, job, (order, zone), pick),
            Step::PublishEarly(proposal, held) => self.publish_early(state, proposal, held),
            Step::Record(proposal, held) => self.record(state, job, proposal, held),
            Step::Commit => self.commit(state, job),
            Step::CorrectCourier(zone, unfit, again, then) => {
                self.correct_courier(state, job, (zone, unfit), again, then)
            }
            Step::LookAgain(zone, unfit, then) => self.look_again(state, zone, unfit, then),
            Step::Forget(zone, then) => {
                state.redis[zone].warm = false;
                self.then_follow(job, then.into_iter().collect())
            }
            Step::Follow(following) => self.follow(state, job, following),
            Step::Hold(following) => self.hold(state, hand, following),
            Step::Correct(update, following) => self.correct(state, job, update, following),
            Step::Load(zone, phase, snapshot, then) => self.load(state, hand, (zone, phase), snapshot, then),
            Step::Reconcile(zone, stage) => {
                let (next, step) = self.reconcile(state, zone, stage);
                job = next;
                step
            }
            Step::Acknowledge => {
                if let Job::Letter(letter) = job {
                    state.letters[letter].acknowledged = true;
                }
                None
            }
        };
        state.hands[hand] = match (next, job) {
            (Some(next), _) => Hand::Busy(job, next),
            (None, Job::Reconcile(zone, stage)) => {
                self.next_stage(zone, stage).map_or(Hand::Idle, |(job, step)| Hand::Busy(job, step))
            }
            (None, _) => Hand::Idle,
        };
    }

    /// What comes after the last step but one.
    pub(crate) fn end(&self, job: Job) -> Option<Step> {
        match job {
            Job::Letter(_) if self.mutation != Some(crate::Mutation::AcknowledgeBeforeCommit) => {
                Some(Step::Acknowledge)
            }
            Job::Letter(_) | Job::Drain(_) | Job::Sweep | Job::Reconcile(..) => None,
        }
    }

    /// A process dies: what its hand had under way is gone, and its locks with it.
    pub(crate) fn die(state: &mut State, hand: HandNo) {
        if let Hand::Busy(Job::Letter(letter), _) = state.hands[hand]
            && !state.letters[letter].acknowledged
        {
            state.letters[letter].visible = true;
        }
        state.hands[hand] = Hand::Idle;
        let locks = state.facts.row_locks.iter_mut().chain(&mut state.facts.zone_locks);
        locks.filter(|lock| **lock == Some(hand)).for_each(|lock| *lock = None);
    }
}
