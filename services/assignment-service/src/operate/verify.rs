//! `replay --verify`: the log folded by the pure domain, compared with the facts, row by row.
//!
//! Orders and couriers are read some at a time, each time as of one moment, so the service may run meanwhile. What may
//! partly have been dropped from the log is passed over, and counted.

use std::{fmt::Display, str::FromStr};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Ended, OperateError};
use crate::{
    domain::replay::{CourierPast, Difference, OrderPast},
    facts::{Facts, Past},
};

/// Orders or couriers compared at a time.
const STEP: i64 = 1_000;

/// Where to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Orders(Uuid),
    Couriers(Uuid),
}

/// A comparison of the log with the facts.
pub(super) struct Verify {
    facts: Facts,
    from: From,
    orders: u64,
    couriers: u64,
    passed_over: u64,
}

impl Verify {
    pub(super) fn new(facts: Facts, after: Option<&str>) -> Result<Self, OperateError> {
        let from = after.map_or(Ok(From::Orders(Uuid::nil())), str::parse);
        let from = from.map_err(|()| OperateError::After(after.unwrap_or_default().to_owned()))?;
        Ok(Self { facts, from, orders: 0, couriers: 0, passed_over: 0 })
    }

    pub(super) async fn run(mut self, stop: &CancellationToken) -> Result<Ended, OperateError> {
        while let From::Orders(from) = self.from {
            let past = self.facts.past_orders(from.into(), STEP).await?;
            self.orders += past.len() as u64;
            if self.differs("order", &past, OrderPast::difference, |_, _| false) {
                return Ok(Ended::Differs);
            }
            let last = past.last().map(|past| past.id.as_uuid());
            self.from = next(last, past.len()).map_or(From::Couriers(Uuid::nil()), From::Orders);
            if self.is_stopped(stop) {
                return Ok(Ended::Stopped);
            }
        }
        while let From::Couriers(from) = self.from {
            let past = self.facts.past_couriers(from.into(), STEP).await?;
            self.couriers += past.len() as u64;
            // Also where older news was dropped: what is left must not be newer than what is stored.
            if self.differs("courier", &past, CourierPast::difference, |log, row| log.version >= row.version) {
                return Ok(Ended::Differs);
            }
            let last = past.last().map(|past| past.id.as_uuid());
            let Some(next) = next(last, past.len()) else { break };
            self.from = From::Couriers(next);
            if self.is_stopped(stop) {
                return Ok(Ended::Stopped);
            }
        }
        let Self { orders, couriers, passed_over, .. } = self;
        let older =
            if passed_over == 0 { String::new() } else { format!("; {passed_over} of them are older than the log") };
        println!("the log and the facts say the same: {orders} orders, {couriers} couriers{older}");
        Ok(Ended::Well)
    }

    /// Shows the first difference, if there is one. What is not wholly in the log counts where `tells` says so.
    fn differs<I: Display, P>(
        &mut self,
        kind: &str,
        past: &[Past<I, P>],
        difference: fn(&P, &P) -> Option<Difference>,
        tells: fn(&P, &P) -> bool,
    ) -> bool {
        for past in past {
            let tells = |past: &Past<I, P>| match (&past.log, &past.row) {
                (Some(log), Some(row)) => tells(log, row),
                (log, _) => log.is_some(),
            };
            if !past.is_whole && !tells(past) {
                self.passed_over += 1;
            } else if let Some(difference) = past.difference(difference) {
                println!("{kind} {}: {difference}", past.id);
                return true;
            }
        }
        false
    }

    /// Says how far it is, and at the end how to go on.
    fn is_stopped(&self, stop: &CancellationToken) -> bool {
        let Self { orders, couriers, from, .. } = self;
        eprintln!("{orders} orders, {couriers} couriers compared");
        if stop.is_cancelled() {
            eprintln!("ended; go on with --after {from}");
        }
        stop.is_cancelled()
    }
}

/// The id behind the last one of a full step.
fn next(last: Option<Uuid>, count: usize) -> Option<Uuid> {
    let last = last.filter(|_| i64::try_from(count).is_ok_and(|count| count == STEP))?;
    last.as_u128().checked_add(1).map(Uuid::from_u128)
}

impl Display for From {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Orders(from) => write!(f, "orders:{from}"),
            Self::Couriers(from) => write!(f, "couriers:{from}"),
        }
    }
}

impl FromStr for From {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, id) = text.split_once(':').ok_or(())?;
        let id = id.parse().map_err(|_| ())?;
        match kind {
            "orders" => Ok(Self::Orders(id)),
            "couriers" => Ok(Self::Couriers(id)),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_run_ended_is_read_back() {
        for from in [From::Orders(Uuid::max()), From::Couriers(Uuid::nil())] {
            assert_eq!(from.to_string().parse(), Ok(from));
        }
        for bad in ["", "orders", "orders:1", "zones:00000000-0000-0000-0000-000000000000"] {
            assert_eq!(bad.parse::<From>(), Err(()), "{bad}");
        }
    }

    #[test]
    fn only_a_full_step_has_another_behind_it() {
        let one = Some(Uuid::from_u128(1));
        assert_eq!(next(one, STEP as usize), Some(Uuid::from_u128(2)));
        assert_eq!(next(one, STEP as usize - 1), None);
        assert_eq!(next(Some(Uuid::max()), STEP as usize), None);
        assert_eq!(next(None, 0), None);
    }
}
