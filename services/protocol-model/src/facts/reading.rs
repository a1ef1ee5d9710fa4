//! Reading the facts for Redis.

use super::Facts;
use crate::{
    redis::{Entry, Presence},
    set::Set,
    settlement::{News, Standing, Update},
    state::{Courier, Order, Zone},
};

/// Everything of a zone, as of one moment: what a loader writes. What is written is taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// Who has which order.
    pub orders: Vec<(Order, Courier)>,
    /// Its couriers.
    pub couriers: Vec<(Courier, Entry)>,
    /// Who declined which order that has not ended.
    pub declined: Vec<(Order, Set)>,
    /// What waits.
    pub waiting: Set,
    /// Whether anything does.
    pub drainable: bool,
}

impl Facts {
    /// What a zone has to know of a courier who is known.
    #[must_use]
    pub fn entry(&self, courier: Courier, zone: Zone) -> Option<Entry> {
        let known = self.couriers[courier]?;
        let presence = match (known.zone == zone, known.available) {
            (false, _) => Presence::Gone,
            (true, true) => Presence::Available,
            (true, false) => Presence::Unavailable,
        };
        let (_, carried) = self.load_of(courier, known.zone);
        Some(Entry { revision: known.revision, presence, capacity: known.capacity, carried })
    }

    /// What each zone that knows a courier has to be told: they leave the former one before they enter the present one.
    pub(super) fn entries(&self, courier: Courier) -> Vec<Update> {
        let Some(known) = self.couriers[courier] else { return Vec::new() };
        let zones = known.former.into_iter().chain([known.zone]);
        let update = |zone| Some(Update { zone, news: News::Courier(courier, self.entry(courier, zone)?) });
        zones.filter_map(update).collect()
    }

    /// `elsewhere` of `facts/couriers.rs`: how the zones of these couriers have to know them, if they are of another one than
    /// the order.
    pub(super) fn elsewhere(&self, couriers: Set, zone: Zone) -> Vec<Update> {
        let is_elsewhere = |courier: &Courier| self.couriers[*courier].is_some_and(|known| known.zone != zone);
        couriers.iter().filter(is_elsewhere).flat_map(|courier| self.entries(courier)).collect()
    }

    /// `raise_revisions.sql`.
    pub(super) fn raise_revision(&mut self, courier: Courier, zone: Zone) {
        if let Some(known) = self.couriers[courier].as_mut().filter(|known| known.zone != zone) {
            known.revision += 1;
        }
    }

    /// How an order stands, as seen from a zone.
    #[must_use]
    pub fn standing(&self, order: Order, zone: Zone) -> Standing {
        self.orders[order].map_or(Standing::Unknown, |row| row.standing(zone))
    }

    /// Everything of a zone.
    #[must_use]
    pub fn snapshot(&self, zone: Zone) -> Snapshot {
        let standing = |order| (order, self.standing(order, zone));
        let standings: Vec<_> = (0..self.orders.len()).map(standing).collect();
        let orders = standings.iter().filter_map(|(order, standing)| match standing {
            Standing::Assigned(courier) => Some((*order, *courier)),
            _ => None,
        });
        let waiting: Set = standings
            .iter()
            .filter(|(_, standing)| matches!(standing, Standing::Pending(_)))
            .map(|(order, _)| *order)
            .collect();
        let declined = standings.iter().filter(|(_, s)| matches!(s, Standing::Pending(_) | Standing::Assigned(_)));
        let declined = declined.filter_map(|(order, _)| Some((*order, self.orders[*order]?.declined)));
        let is_here = |courier: &Courier| self.couriers[*courier].is_some_and(|known| known.zone == zone);
        let couriers = (0..self.couriers.len()).filter(is_here);
        Snapshot {
            orders: orders.collect(),
            couriers: couriers.filter_map(|courier| Some((courier, self.entry(courier, zone)?))).collect(),
            declined: declined.filter(|(_, by)| !by.is_empty()).collect(),
            waiting,
            drainable: !waiting.is_empty(),
        }
    }
}
