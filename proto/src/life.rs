//! The life of an order: the one rule by which every service tells where an order is from what has happened to it.
//!
//! News comes more than once, late, and in any order. So the state is no chain of updates but a function of the set of
//! happenings: they are applied one by one in the order of their times, and what is impossible at its time changes
//! nothing. Whoever has heard of the same happenings comes to the same state, whatever order they came in.
//!
//! ```text
//! pending --assigned--> assigned --picked up--> picked_up --delivered--> delivered
//!    ^------unassigned-----+------------------------+
//! pending, assigned, picked_up --cancelled--> cancelled        assigned --delivered--> delivered
//! ```
//!
//! Delivered without picked up is possible, since the news of the pickup may be what is late.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use crate::{
    event::{Payload, Version},
    id::CourierId,
    order::OrderStatus,
};

/// Something that happened to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Decided: it is with this courier no longer.
    Unassigned(CourierId),
    /// Decided: it is with this courier.
    Assigned(CourierId),
    /// Collected by this courier, or by whoever has it.
    PickedUp(Option<CourierId>),
    /// Done by this courier, or by whoever has it.
    Delivered(Option<CourierId>),
    /// Called off.
    Cancelled,
}

/// A change and when it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happening {
    /// When, and by which event.
    pub version: Version,
    /// What.
    pub change: Change,
}

/// Where an order is in its life. A new order is [`Life::default`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Its status.
    pub status: OrderStatus,
    /// Who has it, or had it at the end, and the assignment that gave it to them.
    pub assigned: Option<(CourierId, Version)>,
}

/// Why a change is impossible at its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The order is there already.
    #[error("the order is {0} already")]
    Already(OrderStatus),
    /// From this state there is no such way.
    #[error("impossible while the order is {0}")]
    Impossible(OrderStatus),
    /// Somebody else has the order.
    #[error("the order is with courier {0}")]
    SomebodyElse(CourierId),
}

impl Default for Life {
    fn default() -> Self {
        Self { status: OrderStatus::Pending, assigned: None }
    }
}

impl Life {
    /// Sorts the happenings by their times, lives through them, and answers the end and what came of each.
    pub fn of(happenings: &mut [Happening]) -> (Self, Vec<Result<Self, Refusal>>) {
        happenings.sort_unstable();
        let mut life = Self::default();
        let step = |happening: &Happening| {
            let next = life.after(happening);
            life = next.unwrap_or(life);
            next
        };
        let steps = happenings.iter().map(step).collect();
        (life, steps)
    }

    /// The state after a change.
    ///
    /// # Errors
    /// The change is impossible in this state.
    pub fn after(&self, happening: &Happening) -> Result<Self, Refusal> {
        use OrderStatus::{Assigned, Cancelled, Delivered, Pending, PickedUp};
        let to = |status| Ok(Self { status, ..*self });
        match (happening.change, self.status) {
            (_, status @ (Delivered | Cancelled)) if happening.change.leads_to() == status => {
                Err(Refusal::Already(status))
            }
            (_, status @ (Delivered | Cancelled)) => Err(Refusal::Impossible(status)),
            (Change::Assigned(courier), status) if self.holder() == Some(courier) => Err(Refusal::Already(status)),
            (Change::Assigned(courier), _) => {
                Ok(Self { status: Assigned, assigned: Some((courier, happening.version)) })
            }
            (Change::Unassigned(courier), _) => self.theirs(courier).map(|()| Self::default()),
            (Change::Cancelled, _) => to(Cancelled),
            (Change::PickedUp(_) | Change::Delivered(_), Pending) => Err(Refusal::Impossible(Pending)),
            (Change::PickedUp(courier), status) => {
                courier.map_or(Ok(()), |courier| self.theirs(courier))?;
                if status == PickedUp { Err(Refusal::Already(PickedUp)) } else { to(PickedUp) }
            }
            (Change::Delivered(courier), _) => {
                courier.map_or(Ok(()), |courier| self.theirs(courier))?;
                to(Delivered)
            }
        }
    }

    /// Whoever has the order now; after its end nobody does.
    #[must_use]
    pub fn holder(&self) -> Option<CourierId> {
        let open = matches!(self.status, OrderStatus::Assigned | OrderStatus::PickedUp);
        self.assigned.filter(|_| open).map(|(courier, _)| courier)
    }

    /// Since when the courier of the order has it, or had it.
    #[must_use]
    pub fn assigned_at(&self) -> Option<DateTime<Utc>> {
        self.assigned.map(|(_, version)| version.at)
    }

    fn theirs(&self, courier: CourierId) -> Result<(), Refusal> {
        match self.assigned {
            Some((holder, _)) if holder == courier => Ok(()),
            Some((holder, _)) => Err(Refusal::SomebodyElse(holder)),
            None => Err(Refusal::Impossible(self.status)),
        }
    }
}

impl Change {
    /// What an event changes, if it changes where an order is.
    #[must_use]
    pub const fn of(payload: &Payload) -> Option<Self> {
        match payload {
            Payload::OrderUnassigned(event) => Some(Self::Unassigned(event.courier_id)),
            Payload::OrderAssigned(event) => Some(Self::Assigned(event.courier_id)),
            Payload::OrderPickedUp(event) => Some(Self::PickedUp(event.courier_id)),
            Payload::OrderDelivered(event) => Some(Self::Delivered(event.courier_id)),
            Payload::OrderCancelled(_) => Some(Self::Cancelled),
            // A rejection is a wish; what comes of it is an OrderUnassigned.
            Payload::AddCourier(_) | Payload::AddOrder(_) | Payload::OrderRejected(_) => None,
        }
    }

    /// The type of its event.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Unassigned(_) => "OrderUnassigned",
            Self::Assigned(_) => "OrderAssigned",
            Self::PickedUp(_) => "OrderPickedUp",
            Self::Delivered(_) => "OrderDelivered",
            Self::Cancelled => "OrderCancelled",
        }
    }

    /// From how a store keeps it: the event's type, and the courier that it names.
    #[must_use]
    pub fn from_parts(type_name: &str, courier_id: Option<CourierId>) -> Option<Self> {
        Some(match type_name {
            "OrderUnassigned" => Self::Unassigned(courier_id?),
            "OrderAssigned" => Self::Assigned(courier_id?),
            "OrderPickedUp" => Self::PickedUp(courier_id),
            "OrderDelivered" => Self::Delivered(courier_id),
            "OrderCancelled" => Self::Cancelled,
            _ => return None,
        })
    }

    /// The status of an order after it.
    #[must_use]
    pub const fn leads_to(&self) -> OrderStatus {
        match self {
            Self::Unassigned(_) => OrderStatus::Pending,
            Self::Assigned(_) => OrderStatus::Assigned,
            Self::PickedUp(_) => OrderStatus::PickedUp,
            Self::Delivered(_) => OrderStatus::Delivered,
            Self::Cancelled => OrderStatus::Cancelled,
        }
    }

    /// Of one moment, what comes first in a life is first. Injected events have the broker's time, which is coarse.
    const fn rank(&self) -> u8 {
        match self {
            Self::Unassigned(_) => 0,
            Self::Assigned(_) => 1,
            Self::PickedUp(_) => 2,
            Self::Delivered(_) => 3,
            Self::Cancelled => 4,
        }
    }
}

impl Happening {
    /// What happens by an event, if it changes where an order is. A decision is as old as it says itself; its event may be
    /// younger.
    #[must_use]
    pub fn of(payload: &Payload, version: Version) -> Option<Self> {
        let at = match payload {
            Payload::OrderAssigned(decision) => decision.assigned_at,
            Payload::OrderUnassigned(decision) => decision.unassigned_at,
            Payload::AddCourier(_)
            | Payload::AddOrder(_)
            | Payload::OrderPickedUp(_)
            | Payload::OrderDelivered(_)
            | Payload::OrderCancelled(_)
            | Payload::OrderRejected(_) => version.at,
        };
        Some(Self { version: Version { at, ..version }, change: Change::of(payload)? })
    }
}

impl Ord for Happening {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |h: &Self| (h.version.at, h.change.rank(), h.version.event_id);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Happening {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use OrderStatus::{Assigned, Cancelled, Delivered, Pending, PickedUp};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn courier(number: u128) -> CourierId {
        Uuid::from_u128(number).into()
    }

    fn at(second: i64, change: Change) -> Happening {
        let at = DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap_or_default();
        Happening { version: Version { at, event_id: Uuid::from_u128(second.unsigned_abs().into()).into() }, change }
    }

    /// Lives through the changes, a second each, and answers the status, the holder and what was refused.
    fn live(changes: &[Change]) -> (OrderStatus, Option<CourierId>, Vec<Refusal>) {
        let mut happenings: Vec<_> = (0..).zip(changes).map(|(second, change)| at(second, *change)).collect();
        let (life, steps) = Life::of(&mut happenings);
        (life.status, life.holder(), steps.into_iter().filter_map(Result::err).collect())
    }

    #[test]
    fn an_order_lives_from_pending_to_delivered() {
        let (a, b) = (courier(1), courier(2));
        let life = [Change::Assigned(a), Change::PickedUp(Some(a)), Change::Delivered(None)];
        assert_eq!(live(&life[..0]), (Pending, None, vec![]));
        assert_eq!(live(&life[..1]), (Assigned, Some(a), vec![]));
        assert_eq!(live(&life[..2]), (PickedUp, Some(a), vec![]));
        assert_eq!(live(&life), (Delivered, None, vec![]));
        let given_on = [Change::Assigned(a), Change::Unassigned(a), Change::Assigned(b)];
        assert_eq!(live(&given_on[..2]), (Pending, None, vec![]));
        assert_eq!(live(&given_on), (Assigned, Some(b), vec![]));
    }

    #[test]
    fn what_is_impossible_changes_nothing() {
        let (a, b) = (courier(1), courier(2));
        let pending = Refusal::Impossible(Pending);
        assert_eq!(live(&[Change::PickedUp(None), Change::Delivered(None)]), (Pending, None, vec![pending, pending]));
        let theirs =
            [Change::Assigned(a), Change::PickedUp(Some(b)), Change::Delivered(Some(b)), Change::Unassigned(b)];
        assert_eq!(live(&theirs), (Assigned, Some(a), vec![Refusal::SomebodyElse(a); 3]));
        let done = [Change::Assigned(a), Change::Delivered(None), Change::Cancelled, Change::Delivered(None)];
        let refused = vec![Refusal::Impossible(Delivered), Refusal::Already(Delivered)];
        assert_eq!(live(&done), (Delivered, None, refused));
        let off = [Change::Cancelled, Change::Assigned(a), Change::Cancelled];
        assert_eq!(live(&off), (Cancelled, None, vec![Refusal::Impossible(Cancelled), Refusal::Already(Cancelled)]));
        let twice = [Change::Assigned(a), Change::PickedUp(None), Change::PickedUp(None)];
        assert_eq!(live(&twice), (PickedUp, Some(a), vec![Refusal::Already(PickedUp)]));
        let given_again = [Change::Assigned(a), Change::PickedUp(None), Change::Assigned(a)];
        assert_eq!(live(&given_again), (PickedUp, Some(a), vec![Refusal::Already(PickedUp)]));
    }

    #[test]
    fn the_courier_of_an_order_is_remembered_after_its_end() {
        let (life, _) = Life::of(&mut [at(0, Change::Assigned(courier(1))), at(1, Change::Cancelled)]);
        assert_eq!((life.holder(), life.assigned.map(|(courier, _)| courier)), (None, Some(courier(1))));
    }

    fn change() -> impl Strategy<Value = Change> {
        let named = (1..3u128).prop_map(courier);
        let perhaps = proptest::option::of(named.clone());
        prop_oneof![
            named.clone().prop_map(Change::Assigned),
            named.prop_map(Change::Unassigned),
            perhaps.clone().prop_map(Change::PickedUp),
            perhaps.prop_map(Change::Delivered),
            Just(Change::Cancelled),
        ]
    }

    /// Happenings, several of them at one moment, each an event of its own.
    fn happenings() -> impl Strategy<Value = Vec<Happening>> {
        proptest::collection::vec((0..6i64, change()), 0..12).prop_map(|news| {
            let with_id = |(id, (second, change))| {
                let version = Version { event_id: Uuid::from_u128(id).into(), ..at(second, change).version };
                Happening { version, change }
            };
            (0u128..).zip(news).map(with_id).collect()
        })
    }

    proptest! {
        #[test]
        fn neither_order_nor_repetition_of_the_news_matters(
            (mut news, mut shuffled) in happenings()
                .prop_flat_map(|news| (Just(news.clone()), Just([news.clone(), news].concat()).prop_shuffle()))
        ) {
            prop_assert_eq!(Life::of(&mut news).0, Life::of(&mut shuffled).0);
        }

        #[test]
        fn what_has_ended_stays_ended(mut news in happenings()) {
            let (_, steps) = Life::of(&mut news);
            let ends = steps.iter().flatten().filter(|life| matches!(life.status, Delivered | Cancelled)).count();
            prop_assert!(ends <= 1);
        }
    }
}
