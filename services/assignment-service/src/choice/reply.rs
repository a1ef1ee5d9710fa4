//! Reading what the scripts answer.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use dispatch_contracts::id::CourierId;

use super::{ChoiceError, Chosen, Drained, Name, Picked, Told, Warm, ZoneNumbers, ZoneView};
use crate::domain::pick::Pick;

/// What a script answered: a word, then values.
pub(super) struct Reply {
    script: Name,
    values: Vec<String>,
}

impl Reply {
    pub(super) fn new(script: Name, values: Vec<String>) -> Self {
        Self { script, values }
    }

    pub(super) fn is_ok(&self) -> bool {
        self.values.first().is_some_and(|word| word == "OK")
    }

    /// Reads the answer of a zone that is not cold.
    pub(super) fn warm<T>(self, read: impl FnOnce(&Self) -> Option<T>) -> Result<Warm<T>, ChoiceError> {
        if self.values.first().is_some_and(|word| word == "COLD") {
            return Ok(Warm::Cold);
        }
        match read(&self) {
            Some(answer) => Ok(Warm::Answer(answer)),
            None => Err(ChoiceError::Reply { script: self.script, reply: self.values }),
        }
    }

    pub(super) fn chosen(&self) -> Option<Chosen> {
        match self.words().as_slice() {
            ["WAITING"] => Some(Chosen::Nobody),
            ["ASSIGNED", rest @ ..] => Some(Chosen::Picked(pick(rest)?)),
            ["KNOWN", courier, ""] => Some(Chosen::Known(courier.parse().ok()?)),
            ["KNOWN", _, unrecorded] => {
                let words: Vec<&str> = unrecorded.split(' ').collect();
                Some(Chosen::Picked(pick(words.get(..4)?)?))
            }
            _ => None,
        }
    }

    pub(super) fn told(&self) -> Option<Told> {
        match self.words().as_slice() {
            ["OK"] => Some(Told::Follows { drainable: false }),
            ["OK", drainable] => Some(Told::Follows { drainable: *drainable == "1" }),
            ["OK", drainable, known] => Some(Told::Courier { drainable: *drainable == "1", known: *known == "1" }),
            ["DIFFERS"] => Some(Told::Differs),
            ["STALE"] => Some(Told::Stale),
            _ => None,
        }
    }

    pub(super) fn drained(&self) -> Option<Drained> {
        let words = self.words();
        let ["OK", more, next, again, rest @ ..] = words.as_slice() else { return None };
        let again = again.parse().ok().filter(|millis| *millis > 0).and_then(DateTime::<Utc>::from_timestamp_millis);
        let next = next.parse().ok();
        Some(Drained { picks: picks(rest)?, more: *more == "1", next, again })
    }

    pub(super) fn unrecorded(&self) -> Option<(Vec<Picked>, String)> {
        match self.words().as_slice() {
            ["OK", next, rest @ ..] => Some((picks(rest)?, (*next).to_owned())),
            _ => None,
        }
    }

    pub(super) fn listed<Id: FromStr>(&self) -> Option<(Vec<Id>, String)> {
        match self.words().as_slice() {
            ["OK", next, rest @ ..] => {
                let ids = rest.iter().map(|id| id.parse().ok()).collect::<Option<_>>()?;
                Some((ids, (*next).to_owned()))
            }
            _ => None,
        }
    }

    pub(super) fn view(&self) -> Option<ZoneView> {
        let words = self.words();
        let ["OK", available, waiting, count, rest @ ..] = words.as_slice() else { return None };
        let (couriers, orders) = rest.split_at_checked(count.parse::<usize>().ok()? * 3)?;
        let couriers = couriers.chunks_exact(3).map(|entry| {
            // -1, no limit, is no u32.
            Some((entry[0].parse().ok()?, entry[1].parse().ok()?, entry[2].parse().ok()))
        });
        Some(ZoneView {
            couriers: couriers.collect::<Option<_>>()?,
            waiting: orders.iter().map(|order| order.parse().ok()).collect::<Option<_>>()?,
            available_couriers: available.parse().ok()?,
            waiting_orders: waiting.parse().ok()?,
        })
    }

    pub(super) fn numbers(&self) -> Option<ZoneNumbers> {
        let words = self.words();
        let &["OK", free, full, resting, least, most] = words.as_slice() else { return None };
        Some(ZoneNumbers {
            free: free.parse().ok()?,
            full: full.parse().ok()?,
            resting: resting.parse().ok()?,
            least: least.parse().ok()?,
            most: most.parse().ok()?,
        })
    }

    fn words(&self) -> Vec<&str> {
        self.values.iter().map(String::as_str).collect()
    }
}

fn picks(words: &[&str]) -> Option<Vec<Picked>> {
    let entries = words.chunks(5).map(|entry| Some((entry.first()?.parse().ok()?, pick(entry.get(1..)?)?)));
    entries.collect()
}

/// COURIER SCORE RUNNER_UP CANDIDATES
fn pick(words: &[&str]) -> Option<Pick> {
    let &[courier, score, runner_up, candidates] = words else { return None };
    let runner_up = match runner_up {
        "-" => None,
        courier => Some(courier.parse::<CourierId>().ok()?),
    };
    Some(Pick {
        courier_id: courier.parse().ok()?,
        score: score.parse().ok()?,
        runner_up,
        candidates: candidates.parse().ok()?,
    })
}
