//! What has to hold: always, and whenever the system is at rest.

use stateright::Property;

use crate::{
    Protocol,
    facts::{Facts, Status},
    redis::Presence,
    scenario::Event,
    settlement::Standing,
    state::{Change, Happening, State},
};

/// Promise 1, always: the decisions about an order, committed or published, give it to one courier at a time.
pub const ONE_COURIER: &str = "an order is with one courier at a time";
/// Always: what is published is committed.
pub const PUBLISHED_IS_COMMITTED: &str = "what is published is committed";
/// Promise 2, always: a letter that was deleted is committed.
pub const ACKNOWLEDGED_IS_COMMITTED: &str = "what is acknowledged is committed";
/// Always: nobody gets an order of a zone that they are not of, while they are away, or over their capacity.
pub const GIVEN_TO_THE_ABLE: &str = "an order is given to who can take it";
/// Always: an order's row is what its log comes to.
pub const ROWS_AGREE_WITH_LOG: &str = "the rows agree with the log";
/// Always: `open` is the number of entries of `orders`.
pub const OPEN_COUNTS_ORDERS: &str = "a score counts the orders in Redis";
/// At rest: no warm zone has a score that is less than the truth.
pub const SCORE_NOT_BELOW: &str = "at rest no score is below the truth";
/// At rest: nor one that is more.
pub const SCORE_NOT_ABOVE: &str = "at rest no score is above the truth";
/// At rest: a warm zone knows its couriers, and nobody else as one of them.
pub const COURIERS_AS_IN_FACTS: &str = "at rest zones know their couriers";
/// At rest: the line of a warm zone is what waits.
pub const LINE_IS_WHAT_WAITS: &str = "at rest the line is what waits";
/// Promise 3, at rest: no order waits that somebody could take.
pub const NOBODY_WAITS_FOR_NOTHING: &str = "at rest no order waits that somebody could take";
/// At rest: everything that was said is committed and acknowledged.
pub const ALL_IS_HEARD: &str = "at rest all letters are committed and acknowledged";
/// At rest: who folds all that was published has what the facts have.
pub const CONSUMERS_AGREE: &str = "at rest consumers agree with the facts";

pub(crate) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(ONE_COURIER, |_, state: &State| one_courier(state)),
        Property::always(PUBLISHED_IS_COMMITTED, |_, state: &State| {
            state.published.iter().all(|(order, happening)| state.facts.log[*order].contains(happening))
        }),
        Property::always(ACKNOWLEDGED_IS_COMMITTED, |_, state: &State| {
            let letters = state.letters.iter().enumerate();
            letters.filter(|(_, letter)| letter.acknowledged).all(|(number, _)| state.facts.heard.has(number))
        }),
        Property::always(GIVEN_TO_THE_ABLE, |_, state: &State| !state.facts.misgiven),
        Property::always(ROWS_AGREE_WITH_LOG, |_, state: &State| rows_agree(state)),
        Property::always(OPEN_COUNTS_ORDERS, |_, state: &State| open_counts_orders(state)),
        Property::always(SCORE_NOT_BELOW, |model: &Protocol, state: &State| {
            !model.is_at_rest(state) || scores(model, state, |s, t| s >= t)
        }),
        Property::always(SCORE_NOT_ABOVE, |model: &Protocol, state: &State| {
            !model.is_at_rest(state) || scores(model, state, |s, t| s <= t)
        }),
        Property::always(COURIERS_AS_IN_FACTS, |model: &Protocol, state: &State| {
            !model.is_at_rest(state) || couriers(model, state)
        }),
        Property::always(LINE_IS_WHAT_WAITS, |model: &Protocol, state: &State| {
            !model.is_at_rest(state) || line(model, state)
        }),
        Property::always(NOBODY_WAITS_FOR_NOTHING, |model: &Protocol, state: &State| {
            !model.is_at_rest(state) || nobody_waits(state)
        }),
        Property::always(ALL_IS_HEARD, |model: &Protocol, state: &State| {
            let heard = |(number, letter): (usize, &crate::state::Letter)| {
                letter.said.is_none() || (letter.acknowledged && state.facts.heard.has(number))
            };
            !model.is_at_rest(state) || state.letters.iter().enumerate().all(heard)
        }),
        Property::always(CONSUMERS_AGREE, |model: &Protocol, state: &State| {
            !model.is_at_rest(state) || consumers_agree(model, state)
        }),
        // That the others do not hold for want of anything to hold for.
        Property::sometimes("the system comes to rest", Protocol::is_at_rest),
        Property::sometimes("an order is assigned, and all know it", |_, state: &State| {
            state.published.iter().any(|(order, _)| state.redis.iter().any(|cache| cache.orders[*order].is_some()))
        }),
    ]
}

/// Committed or published decisions in the order of their times: assigned and unassigned take turns.
fn one_courier(state: &State) -> bool {
    (0..state.facts.log.len()).all(|order| {
        let published = state.published.iter().filter(|(of, _)| *of == order).map(|(_, happening)| *happening);
        let mut all: Vec<Happening> = state.facts.log[order].iter().copied().chain(published).collect();
        all.sort_unstable();
        all.dedup();
        let mut holder = None;
        all.iter().all(|happening| match happening.change {
            Change::Assigned(courier) => holder.replace(courier).is_none(),
            Change::Unassigned(courier) => holder.take() == Some(courier),
            Change::Delivered | Change::Cancelled => true,
        })
    })
}

fn rows_agree(state: &State) -> bool {
    state.facts.orders.iter().zip(&state.facts.log).all(|(row, log)| {
        let (status, courier) = Facts::fold(log.iter().copied());
        row.is_none_or(|row| (row.status, row.courier) == (status, courier))
    })
}

fn open_counts_orders(state: &State) -> bool {
    state.redis.iter().all(|cache| {
        let count = |courier| cache.orders.iter().filter(|holder| **holder == Some(courier)).count();
        cache.open.iter().enumerate().all(|(courier, open)| usize::try_from(*open) == Ok(count(courier)))
    })
}

/// Compares scores of warm zones with the truth: of couriers of a zone all of their orders, of others those of the zone.
fn scores(model: &Protocol, state: &State, holds: fn(usize, usize) -> bool) -> bool {
    let facts = &state.facts;
    let warm = state.redis.iter().enumerate().filter(|(_, cache)| !cache.is_cold(model.mutation));
    warm.flat_map(|(zone, cache)| (0..facts.couriers.len()).map(move |courier| (zone, cache, courier))).all(
        |(zone, cache, courier)| {
            let theirs = facts.orders.iter().flatten().filter(|row| row.holder() == Some(courier));
            let is_here = facts.couriers[courier].is_some_and(|known| known.zone == zone);
            let truth = theirs.filter(|row| is_here || row.zone == Some(zone)).count();
            let carried = cache.entries[courier].filter(|_| is_here).map_or(0, |entry| usize::from(entry.carried));
            holds(usize::try_from(cache.open[courier]).unwrap_or(0) + carried, truth)
        },
    )
}

fn couriers(model: &Protocol, state: &State) -> bool {
    let warm = state.redis.iter().enumerate().filter(|(_, cache)| !cache.is_cold(model.mutation));
    warm.flat_map(|(zone, cache)| cache.entries.iter().enumerate().map(move |(courier, entry)| (zone, courier, entry)))
        .all(|(zone, courier, entry)| {
            let truth = state.facts.entry(courier, zone);
            match (entry, truth) {
                // Carried counts only where they are.
                (Some(entry), Some(truth)) => {
                    entry == &truth || (entry.presence, truth.presence) == (Presence::Gone, Presence::Gone)
                }
                (None, truth) => truth.is_none_or(|truth| truth.presence == Presence::Gone),
                (Some(_), None) => false,
            }
        })
}

fn line(model: &Protocol, state: &State) -> bool {
    let warm = state.redis.iter().enumerate().filter(|(_, cache)| !cache.is_cold(model.mutation));
    warm.into_iter().all(|(zone, cache)| {
        (0..state.facts.orders.len()).all(|order| {
            let waits = matches!(state.facts.standing(order, zone), Standing::Pending(_));
            cache.pending.has(order) == waits
        })
    })
}

fn nobody_waits(state: &State) -> bool {
    let facts = &state.facts;
    facts.orders.iter().flatten().filter(|row| row.status == Status::Pending).all(|row| {
        let could =
            |courier: usize| row.zone.is_some_and(|zone| facts.is_able(courier, zone)) && !row.declined.has(courier);
        !(0..facts.couriers.len()).any(could)
    })
}

/// A consumer has the steps from the topic of events and the decisions from that of assignments.
fn consumers_agree(model: &Protocol, state: &State) -> bool {
    state.facts.orders.iter().enumerate().all(|(order, row)| {
        let said = model.scenario.events.iter().zip(&state.letters).filter_map(|(event, letter)| {
            let change = match event {
                Event::Cancelled(of) if *of == order => Change::Cancelled,
                Event::Delivered(of) if *of == order => Change::Delivered,
                _ => return None,
            };
            Some(Happening { at: letter.said?, change })
        });
        let decided = state.published.iter().filter(|(of, _)| *of == order).map(|(_, happening)| *happening);
        let (status, courier) = Facts::fold(said.chain(decided));
        row.map_or(status == Status::Pending, |row| (row.status, row.courier) == (status, courier))
    })
}
