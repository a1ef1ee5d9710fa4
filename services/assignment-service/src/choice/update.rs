//! Writing what the scripts read.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Call, Listing, LoadStep, Name};
use crate::domain::{
    courier::{Presence, ZoneEntry},
    settlement::{Former, Update},
};

pub(super) fn call(update: &Update) -> Call<'_> {
    let (script, args) = match update {
        Update::Confirm { order_id, courier_id, .. } => {
            (Name::Confirm, vec![order_id.to_string(), courier_id.to_string()])
        }
        Update::Adopt { order_id, courier_id, .. } => (Name::Adopt, vec![order_id.to_string(), courier_id.to_string()]),
        Update::Await { order_id, line, former, .. } => {
            let mut args = vec![order_id.to_string(), line.rank.to_string(), whoever(*former)];
            args.extend(line.declined.iter().flat_map(|(courier, at)| [courier.to_string(), millis_up(*at)]));
            (Name::AwaitCourier, args)
        }
        Update::Release { order_id, former, .. } => (Name::ReleaseOrder, vec![order_id.to_string(), whoever(*former)]),
        Update::Courier(entry) => (Name::UpsertCourier, courier(entry).into()),
    };
    Call { script, zone: update.zone(), args }
}

pub(super) fn load_args(token: &str, step: &LoadStep) -> Vec<String> {
    let mut args = vec![token.to_owned()];
    match step {
        LoadStep::Begin => args.push("begin".to_owned()),
        LoadStep::Orders(orders) => {
            args.push("orders".to_owned());
            args.extend(orders.iter().flat_map(|(order, courier)| [order.to_string(), courier.to_string()]));
        }
        LoadStep::Couriers(couriers) => {
            args.push("couriers".to_owned());
            args.extend(couriers.iter().flat_map(courier));
        }
        LoadStep::Recent(assignments) => {
            args.push("recent".to_owned());
            args.extend(assignments.iter().flat_map(|(courier, at)| [courier.to_string(), millis(*at)]));
        }
        LoadStep::Declined(declines) => {
            args.push("declined".to_owned());
            args.extend(
                declines.iter().flat_map(|(order, by, at)| [order.to_string(), by.to_string(), millis_up(*at)]),
            );
        }
        LoadStep::Pending(orders) => {
            args.push("pending".to_owned());
            args.extend(orders.iter().flat_map(|(order, rank)| [order.to_string(), rank.to_string()]));
        }
        LoadStep::Finish => args.push("finish".to_owned()),
    }
    args
}

pub(super) const fn listing(listing: Listing) -> &'static str {
    match listing {
        Listing::Held => "held",
        Listing::Waiting => "waiting",
    }
}

fn whoever(former: Former) -> String {
    match former {
        Former::Pick(courier) => courier.map(|courier| courier.to_string()).unwrap_or_default(),
        Former::Anybody => "*".to_owned(),
    }
}

fn millis(at: DateTime<Utc>) -> String {
    at.timestamp_millis().max(0).to_string()
}

/// The next whole millisecond: a decline that has aged for Redis has then aged for the facts, too.
fn millis_up(at: DateTime<Utc>) -> String {
    millis(at + TimeDelta::microseconds(999))
}

/// Courier, revision, state, capacity, carried.
fn courier(entry: &ZoneEntry) -> [String; 5] {
    let state = match entry.presence {
        Presence::Available => "a",
        Presence::Unavailable => "u",
        Presence::Gone => "g",
    };
    [
        entry.courier_id.to_string(),
        entry.revision.to_string(),
        state.to_owned(),
        entry.capacity.map_or_else(|| "-1".to_owned(), |capacity| capacity.get().to_string()),
        entry.carried.to_string(),
    ]
}
