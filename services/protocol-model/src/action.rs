//! What can happen next: the steps of the system, and what goes wrong.

use crate::{
    Mutation, Protocol,
    facts::{Proposal, Snapshot, Source},
    hand::{Hand, Job, Phase, Stage, Step},
    rest::Leftover,
    settlement::{Former, News, Update},
    state::{Courier, Faults, HandNo, LetterNo, Order, State, Zone},
};

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A hand receives a letter.
    Receive(HandNo, LetterNo),
    /// A hand drains a zone: `drain_pending`, which gives the first in line whom somebody can take to a courier.
    Drain(HandNo, Zone, Option<(Order, Courier)>),
    /// A hand sweeps something: what was left behind; or, at the cost of a fault, what is under way.
    Sweep(HandNo, Leftover, bool),
    /// A hand goes on, with a courier where it chooses.
    Step(HandNo, Option<Courier>),
    /// The relay publishes what is in the outbox.
    Publish,
    /// The relay deletes the rows that it published.
    DeletePublished,
    /// Somebody says what a letter says.
    Say(LetterNo),
    /// A process dies, with what a hand had under way, and perhaps with the drains that it was asked for.
    Crash(HandNo, bool),
    /// A letter comes again.
    Redeliver(LetterNo),
    /// Redis loses everything.
    Wipe,
    /// The replica of Redis has what Redis has, and nothing more from now on.
    Replicate,
    /// The replica takes over.
    FailOver,
    /// A process dies while a hand waits for the answer of a script: the script runs later.
    Stray(HandNo),
    /// It runs now.
    Arrive,
}

impl Protocol {
    pub(crate) fn enabled(&self, state: &State, actions: &mut Vec<Action>) {
        let unpublished = state.facts.outbox.iter().any(|row| !row.published);
        let undeleted = state.facts.outbox.iter().any(|row| row.published);
        if unpublished || undeleted {
            if unpublished {
                actions.push(Action::Publish);
            }
            if undeleted {
                actions.push(Action::DeletePublished);
            }
            if !self.scenario.relay_waits {
                return;
            }
        }
        self.work(state, actions);
        if actions.is_empty() {
            let hand = state.hands.iter().position(|hand| *hand == Hand::Idle).unwrap_or(0);
            actions.extend(self.leftovers(state).into_iter().map(|left| Action::Sweep(hand, left, false)));
        }
        self.trouble(state, actions);
    }

    /// What the processes do.
    fn work(&self, state: &State, actions: &mut Vec<Action>) {
        if state.stray.is_some() {
            actions.push(Action::Arrive);
        }
        for hand in 0..state.hands.len() {
            actions.extend(self.ways(state, hand).into_iter().map(|pick| Action::Step(hand, pick)));
        }
        // Idle hands are all alike.
        let Some(hand) = state.hands.iter().position(|hand| *hand == Hand::Idle) else { return };
        let visible = state.letters.iter().enumerate().filter(|(_, letter)| letter.visible);
        actions.extend(visible.map(|(number, _)| Action::Receive(hand, number)));
        for zone in state.drains.iter() {
            let cache = &state.redis[zone];
            let front = cache.front().filter(|_| !cache.is_cold(self.mutation));
            match front {
                Some(order) => {
                    actions.extend(cache.best(order).map(|courier| Action::Drain(hand, zone, Some((order, courier)))));
                }
                None => actions.push(Action::Drain(hand, zone, None)),
            }
        }
        if state.faults.early_sweeps > 0 && self.mutation != Some(Mutation::NoSweep) {
            actions.extend(self.under_way(state).into_iter().map(|left| Action::Sweep(hand, left, true)));
        }
    }

    /// What goes wrong, and what people do.
    fn trouble(&self, state: &State, actions: &mut Vec<Action>) {
        let Faults { crashes, redeliveries, wipes, failovers, strays, .. } = state.faults;
        for (number, (letter, event)) in state.letters.iter().zip(&self.scenario.events).enumerate() {
            if letter.said.is_none() && state.published.iter().any(|decision| event.follows(decision)) {
                actions.push(Action::Say(number));
            }
            if redeliveries > 0 && letter.said.is_some() && !letter.visible {
                actions.push(Action::Redeliver(number));
            }
        }
        for (hand, what) in state.hands.iter().enumerate() {
            if crashes > 0 && *what != Hand::Idle {
                actions.push(Action::Crash(hand, false));
                if !state.drains.is_empty() {
                    actions.push(Action::Crash(hand, true));
                }
            }
            if strays > 0 && matches!(what, Hand::Busy(_, Step::Correct(..))) {
                actions.push(Action::Stray(hand));
            }
        }
        if wipes > 0 && state.redis.iter().any(|cache| cache.warm || cache.loading.is_some()) {
            actions.push(Action::Wipe);
        }
        if failovers > 0 {
            actions.push(if state.replica.is_some() { Action::FailOver } else { Action::Replicate });
        }
    }

    pub(crate) fn act(&self, state: &mut State, action: Action) {
        match action {
            Action::Receive(hand, letter) => self.receive(state, hand, letter),
            Action::Drain(hand, zone, picked) => self.drain(state, hand, zone, picked),
            Action::Sweep(hand, left, early) => {
                state.faults.early_sweeps -= u8::from(early);
                self.sweep(state, hand, left);
            }
            Action::Step(hand, pick) => self.step(state, hand, pick),
            Action::Publish => {
                for row in &mut state.facts.outbox {
                    row.published = true;
                    state.published.push(row.decision);
                }
                state.published.sort_unstable();
                state.published.dedup();
            }
            Action::DeletePublished => state.facts.outbox.retain(|row| !row.published),
            Action::Say(letter) => {
                let now = self.scenario.events[letter].order().map(|order| state.now(order, &self.scenario.events));
                state.letters[letter].said = now;
                state.letters[letter].visible = true;
            }
            Action::Crash(hand, forgets) => {
                state.faults.crashes -= 1;
                Self::die(state, hand);
                if forgets {
                    state.drains = crate::set::Set::new();
                }
            }
            Action::Redeliver(letter) => {
                state.faults.redeliveries -= 1;
                state.letters[letter].visible = true;
            }
            Action::Wipe => {
                state.faults.wipes -= 1;
                let (orders, couriers) = (state.facts.orders.len(), state.facts.couriers.len());
                state.redis.fill(crate::redis::Cache::empty(orders, couriers));
            }
            Action::Replicate => state.replica = Some(state.redis.clone()),
            Action::FailOver => {
                state.faults.failovers -= 1;
                state.redis = state.replica.take().unwrap_or_default();
            }
            Action::Stray(hand) => {
                state.faults.strays -= 1;
                if let Hand::Busy(_, Step::Correct(update, _)) = state.hands[hand] {
                    state.stray = Some(update);
                }
                Self::die(state, hand);
            }
            Action::Arrive => {
                if let Some(update) = state.stray.take() {
                    state.redis[update.zone].follow(update.news, self.mutation);
                }
            }
        }
    }

    fn receive(&self, state: &mut State, hand: HandNo, letter: LetterNo) {
        state.letters[letter].visible = false;
        state.letters[letter].acknowledged |= self.mutation == Some(Mutation::AcknowledgeBeforeCommit);
        let step = match self.scenario.events[letter] {
            crate::scenario::Event::Add(order, zone) => Step::Choose(order, zone),
            _ => Step::Commit,
        };
        state.hands[hand] = Hand::Busy(Job::Letter(letter), step);
    }

    /// `dispatch/drain.rs`. A look of the real script gives away up to 25 orders; here each is a look of its own, and where
    /// somebody can take the next one, another drain is asked for.
    fn drain(&self, state: &mut State, hand: HandNo, zone: Zone, picked: Option<(Order, Courier)>) {
        state.drains.remove(zone);
        let cache = &mut state.redis[zone];
        if cache.is_cold(self.mutation) {
            let step = Step::Load(zone, Phase::Check, Snapshot::default(), None);
            state.hands[hand] = Hand::Busy(Job::Drain(zone), step);
            return;
        }
        // What somebody has does not wait.
        for order in cache.pending.iter().filter(|order| cache.orders[*order].is_some()) {
            cache.pending.remove(order);
        }
        let Some((order, courier)) = picked else { return };
        cache.pick(order, courier);
        if cache.front().is_some() {
            state.drains.insert(zone);
        }
        let proposal = Proposal { source: Source::Line, order, zone, pick: Some(courier) };
        state.hands[hand] = Hand::Busy(Job::Drain(zone), Step::Record(proposal, Some(courier)));
    }

    /// `dispatch/sweep.rs`: reads the facts or Redis; the rest are further steps.
    fn sweep(&self, state: &mut State, hand: HandNo, left: Leftover) {
        let step = match left {
            Leftover::Line(order, zone) => {
                let declined = state.facts.orders[order].map(|row| row.declined).unwrap_or_default();
                let news = News::Await(order, declined, Former::Pick(None));
                self.then_follow(Job::Sweep, vec![Update { zone, news }])
            }
            Leftover::Drift(zone) => {
                let job = Job::Reconcile(zone, Stage::Couriers);
                state.hands[hand] = Hand::Busy(job, Step::Reconcile(zone, Stage::Couriers));
                return;
            }
            Leftover::Pick(order, zone) => {
                let pick = state.redis[zone].orders[order];
                Some(Step::Record(Proposal { source: Source::Line, order, zone, pick }, pick))
            }
        };
        state.hands[hand] = step.map_or(Hand::Idle, |step| Hand::Busy(Job::Sweep, step));
    }
}
