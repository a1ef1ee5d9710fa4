//! What the event log says of an order or a courier, folded by itself, and how that differs from what is stored.
//!
//! The fold is the rule by which the stored rows came about ([`Life`], the newest news of a courier, the first AddOrder of an
//! order), without any of the ways in which they did: no batches, no locks, no Redis.

use std::{collections::BTreeSet, fmt::Debug};

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    courier::Capacity,
    event::{Cause, Version},
    id::CourierId,
    life::{Change, Happening, Life},
    order::Priority,
    zone::Zone,
};

use super::pick::Inputs;

/// What a line of the log says, as far as something follows from it. In the order of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Logged {
    /// An order is there.
    Added {
        /// Where.
        zone: Zone,
        /// How urgent.
        priority: Priority,
        /// Since when it waits.
        added_at: DateTime<Utc>,
    },
    /// Something happened to an order, or was decided about it.
    Happened {
        /// What, and when.
        happening: Happening,
        /// Why it was decided.
        cause: Option<Cause>,
        /// What it was based on.
        inputs: Option<Inputs>,
    },
    /// News of a courier.
    News(CourierPast),
}

/// An order, as the log has it or as it is stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrderPast {
    /// Zone, priority, since when it waits; nothing before its AddOrder.
    pub described: Option<(Zone, Priority, DateTime<Utc>)>,
    /// Where it is in its life, and who has it or had it at its end.
    pub life: Life,
    /// When the latest happened of what is known of it.
    pub latest_at: Option<DateTime<Utc>>,
    /// What its assignment was based on. Stored rows may have forgotten it.
    pub inputs: Option<Inputs>,
    /// Why its courier got it. Stored rows may have forgotten it.
    pub cause: Option<Cause>,
    /// Who declined it; nobody once it has ended.
    pub declined_by: BTreeSet<CourierId>,
    /// All that happened to it.
    pub happenings: BTreeSet<Version>,
}

/// A courier, as the log has them or as they are stored.
#[derive(Debug, Clone, PartialEq)]
pub struct CourierPast {
    /// How new it is.
    pub version: Version,
    /// Where they take orders.
    pub zone: Zone,
    /// Whether they do now.
    pub is_available: bool,
    /// Most open orders at once.
    pub capacity: Option<Capacity>,
}

impl OrderPast {
    /// An order from its lines; nothing if none of them makes it known.
    #[must_use]
    pub fn of(lines: &[Logged]) -> Option<Self> {
        let mut past = Self::default();
        let mut happenings = Vec::new();
        for line in lines {
            match line {
                Logged::Added { zone, priority, added_at } => {
                    // The first one wins.
                    past.described.get_or_insert((zone.clone(), *priority, *added_at));
                }
                Logged::Happened { happening, cause, .. } => {
                    if let (Change::Unassigned(courier), Some(Cause::Rejected)) = (happening.change, cause) {
                        past.declined_by.insert(courier);
                    }
                    happenings.push(*happening);
                }
                Logged::News(_) => {}
            }
        }
        if past.described.is_none() && happenings.is_empty() {
            return None;
        }
        (past.life, _) = Life::of(&mut happenings);
        past.latest_at = happenings.iter().map(|happening| happening.version.at).max();
        past.happenings = happenings.iter().map(|happening| happening.version).collect();
        if past.life.status.has_ended() {
            past.declined_by.clear();
        }
        (past.cause, past.inputs) = past.assignment(lines).unwrap_or_default();
        Some(past)
    }

    /// Why its courier has it, by the line that gave it to them.
    fn assignment(&self, lines: &[Logged]) -> Option<(Option<Cause>, Option<Inputs>)> {
        let (_, assignment) = self.life.assigned?;
        lines.iter().find_map(|line| match line {
            Logged::Happened { happening, cause, inputs } if happening.version == assignment => Some((*cause, *inputs)),
            Logged::Happened { .. } | Logged::Added { .. } | Logged::News(_) => None,
        })
    }

    /// The first thing in which the stored row differs from this.
    #[must_use]
    pub fn difference(&self, stored: &Self) -> Option<Difference> {
        let [log, row] = [self, stored];
        differ("description", &log.described, &row.described)
            .or_else(|| differ("status", &log.life.status, &row.life.status))
            .or_else(|| differ("assignment", &log.life.assigned, &row.life.assigned))
            .or_else(|| differ("latest happening", &log.latest_at, &row.latest_at))
            .or_else(|| differ("happenings", &log.happenings, &row.happenings))
            .or_else(|| differ("who declined it", &log.declined_by, &row.declined_by))
            .or_else(|| row.cause.and_then(|cause| differ("cause", &log.cause, &Some(cause))))
            // Lines of earlier versions do not say it.
            .or_else(|| log.inputs.zip(row.inputs).and_then(|(log, row)| differ("inputs", &log, &row)))
    }
}

impl CourierPast {
    /// A courier from their lines; nothing if none of them is news.
    #[must_use]
    pub fn of(lines: Vec<Logged>) -> Option<Self> {
        let news = lines.into_iter().filter_map(|line| match line {
            Logged::News(news) => Some(news),
            Logged::Added { .. } | Logged::Happened { .. } => None,
        });
        news.reduce(|newest, news| if newest.version < news.version { news } else { newest })
    }

    /// The first thing in which the stored row differs from this.
    #[must_use]
    pub fn difference(&self, stored: &Self) -> Option<Difference> {
        let [log, row] = [self, stored];
        differ("version", &log.version, &row.version)
            .or_else(|| differ("zone", &log.zone, &row.zone))
            .or_else(|| differ("availability", &log.is_available, &row.is_available))
            .or_else(|| differ("capacity", &log.capacity, &row.capacity))
    }
}

/// Where the log and a stored row do not say the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: the log says {log}, the facts say {row}")]
pub struct Difference {
    /// In what.
    pub what: &'static str,
    /// What the log says.
    pub log: String,
    /// What is stored.
    pub row: String,
}

impl Difference {
    /// Only one of the two knows it at all.
    #[must_use]
    pub fn existence(is_in_log: bool) -> Self {
        let known = |is_known| if is_known { "known" } else { "unknown" };
        Self { what: "existence", log: known(is_in_log).to_owned(), row: known(!is_in_log).to_owned() }
    }

    /// The row names a zone that is not among the zones.
    #[must_use]
    pub fn zone() -> Self {
        Self { what: "zone", log: "heard of".to_owned(), row: "not heard of".to_owned() }
    }
}

fn differ<T: PartialEq + Debug>(what: &'static str, log: &T, row: &T) -> Option<Difference> {
    (log != row).then(|| Difference { what, log: format!("{log:?}"), row: format!("{row:?}") })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use dispatch_contracts::order::OrderStatus;
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> Version {
        let event_id = Uuid::from_u128(second.unsigned_abs().into()).into();
        Version { at: DateTime::UNIX_EPOCH + TimeDelta::seconds(second), event_id }
    }

    fn happened(second: i64, change: Change, cause: Option<Cause>) -> Logged {
        let inputs = matches!(change, Change::Assigned(_)).then_some(Inputs {
            score: second.unsigned_abs() as u32,
            runner_up: None,
            candidates: None,
        });
        Logged::Happened { happening: Happening { version: at(second), change }, cause, inputs }
    }

    fn added(zone: &str) -> Logged {
        let zone = zone.parse().expect("a zone");
        Logged::Added { zone, priority: Priority::default(), added_at: DateTime::UNIX_EPOCH }
    }

    fn of(lines: &[Logged]) -> OrderPast {
        OrderPast::of(lines).expect("it is known")
    }

    #[test]
    fn an_order_is_what_its_lines_make_of_it() {
        let [a, b] = [1, 2].map(|number| CourierId::from(Uuid::from_u128(number)));
        let mut lines = vec![
            added("S"),
            happened(1, Change::Assigned(a), None),
            happened(2, Change::Unassigned(a), Some(Cause::Rejected)),
            added("T"),
            happened(3, Change::Assigned(b), Some(Cause::Manual)),
        ];
        let past = of(&lines);
        assert_eq!(past.described.as_ref().map(|(zone, ..)| zone.as_str()), Some("S"));
        assert_eq!((past.life.status, past.life.assigned), (OrderStatus::Assigned, Some((b, at(3)))));
        assert_eq!((past.latest_at, past.declined_by.len(), past.happenings.len()), (Some(at(3).at), 1, 3));
        assert_eq!((past.cause, past.inputs.map(|inputs| inputs.score)), (Some(Cause::Manual), Some(3)));
        lines.push(happened(4, Change::Delivered(None), None));
        let past = of(&lines);
        assert_eq!((past.life.status, past.declined_by.len()), (OrderStatus::Delivered, 0));
        assert_eq!(OrderPast::of(&[]), None);
    }

    #[test]
    fn each_difference_is_named() {
        let a = CourierId::from(Uuid::max());
        let log = of(&[added("S"), happened(1, Change::Assigned(a), Some(Cause::Manual))]);
        assert_eq!(log.difference(&log), None);
        let forgotten = OrderPast { inputs: None, cause: None, ..log.clone() };
        assert_eq!(log.difference(&forgotten), None, "a row may have forgotten why");
        let mut rows = vec![("description", OrderPast { described: None, ..log.clone() })];
        let life = Life { status: OrderStatus::Cancelled, ..log.life };
        rows.push(("status", OrderPast { life, ..log.clone() }));
        let life = Life { assigned: None, ..log.life };
        rows.push(("assignment", OrderPast { life, ..log.clone() }));
        rows.push(("latest happening", OrderPast { latest_at: None, ..log.clone() }));
        rows.push(("happenings", OrderPast { happenings: BTreeSet::new(), ..log.clone() }));
        rows.push(("who declined it", OrderPast { declined_by: BTreeSet::from([a]), ..log.clone() }));
        rows.push(("cause", OrderPast { cause: Some(Cause::Rejected), ..log.clone() }));
        let inputs = Some(Inputs { score: 7, runner_up: None, candidates: None });
        rows.push(("inputs", OrderPast { inputs, ..log.clone() }));
        for (what, row) in rows {
            assert_eq!(log.difference(&row).map(|difference| difference.what), Some(what));
        }
    }

    #[test]
    fn the_newest_news_of_a_courier_counts_wherever_it_stands() {
        let news = |second, is_available| CourierPast {
            version: at(second),
            zone: "S".parse().expect("a zone"),
            is_available,
            capacity: None,
        };
        let lines = [news(2, true), news(3, false), news(1, true)].map(Logged::News);
        let past = CourierPast::of(lines.into()).expect("news");
        assert_eq!(past, news(3, false));
        let row = CourierPast { is_available: true, ..past.clone() };
        assert_eq!(past.difference(&row).map(|difference| difference.what), Some("availability"));
        assert_eq!(CourierPast::of(vec![added("S")]), None);
    }
}
