//! Writing what the scripts read.

use dispatch_contracts::event::Version;

use super::{Call, LoadStep, Name};
use crate::domain::{
    courier::{Presence, ZoneEntry},
    settlement::Update,
};

pub(super) fn call(update: &Update) -> Call<'_> {
    let (script, args) = match update {
        Update::Confirm { order_id, courier_id, .. } => {
            (Name::Confirm, vec![order_id.to_string(), courier_id.to_string()])
        }
        Update::Await { order_id, rank, picked, .. } => {
            let picked = picked.map(|courier| courier.to_string()).unwrap_or_default();
            (Name::AwaitCourier, vec![order_id.to_string(), rank.to_string(), picked])
        }
        Update::Release { order_id, courier_id, .. } => {
            (Name::ReleaseOrder, vec![order_id.to_string(), courier_id.to_string()])
        }
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
        LoadStep::Pending(orders) => {
            args.push("pending".to_owned());
            args.extend(orders.iter().flat_map(|(order, rank)| [order.to_string(), rank.to_string()]));
        }
        LoadStep::Finish => args.push("finish".to_owned()),
    }
    args
}

/// Courier, version, state, capacity, carried.
fn courier(entry: &ZoneEntry) -> [String; 5] {
    let state = match entry.presence {
        Presence::Available => "a",
        Presence::Unavailable => "u",
        Presence::Gone => "g",
    };
    [
        entry.courier_id.to_string(),
        version(entry.version),
        state.to_owned(),
        entry.capacity.map_or_else(|| "-1".to_owned(), |capacity| capacity.get().to_string()),
        entry.carried.to_string(),
    ]
}

/// Compares as text like the version itself: hex digits of one width, no signs, one case.
fn version(version: Version) -> String {
    format!("{:018x}{}", version.at.timestamp_micros().max(0), version.event_id.as_uuid().simple())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use dispatch_contracts::id::EventId;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn versions_compare_as_text_like_themselves(a in (0i64..253_402_300_799_999_999, any::<u128>()), b in (0i64..253_402_300_799_999_999, any::<u128>())) {
            let [a, b] = [a, b].map(|(micros, id)| Version {
                at: DateTime::from_timestamp_micros(micros).expect("in range"),
                event_id: EventId::from(Uuid::from_u128(id)),
            });
            prop_assert_eq!(version(a).cmp(&version(b)), a.cmp(&b));
            prop_assert_eq!(version(a).len(), 50);
        }
    }
}
