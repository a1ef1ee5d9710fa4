//! A courier as the facts have them, and what that means for each zone they are or were in.

use dispatch_contracts::{courier::Capacity, id::CourierId, zone::Zone};

/// What is committed of a courier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Courier {
    /// Who.
    pub courier_id: CourierId,
    /// Where they take orders.
    pub zone: Zone,
    /// Whether they take orders now.
    pub is_available: bool,
    /// Most open orders at once.
    pub capacity: Option<Capacity>,
    /// Raised by every change of what is said here: the greater one is newer.
    pub revision: i64,
    /// The zone before the last move.
    pub former_zone: Option<Zone>,
    /// Their open orders, in whatever zone.
    pub open: u32,
    /// Those of them that are of other zones than the present one; they count, too.
    pub carried: u32,
}

/// Whether a courier takes orders in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// They do.
    Available,
    /// They are of this zone, and do not.
    Unavailable,
    /// They are of another zone now.
    Gone,
}

/// What a zone has to know of a courier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneEntry {
    /// Which zone.
    pub zone: Zone,
    /// Who.
    pub courier_id: CourierId,
    /// Whether they take orders there.
    pub presence: Presence,
    /// Most open orders at once.
    pub capacity: Option<Capacity>,
    /// Their open orders of other zones.
    pub carried: u32,
    /// How new this is: the greater one is newer.
    pub revision: i64,
}

impl Courier {
    /// What this zone has to know.
    #[must_use]
    pub fn entry_in(&self, zone: &Zone) -> ZoneEntry {
        let presence = match (self.zone == *zone, self.is_available) {
            (false, _) => Presence::Gone,
            (true, true) => Presence::Available,
            (true, false) => Presence::Unavailable,
        };
        ZoneEntry {
            zone: zone.clone(),
            courier_id: self.courier_id,
            presence,
            capacity: self.capacity,
            carried: self.carried,
            revision: self.revision,
        }
    }

    /// What each zone that knows them has to be told: they leave the former one before they enter the present one.
    pub fn entries(&self) -> impl Iterator<Item = ZoneEntry> + '_ {
        self.former_zone.iter().chain([&self.zone]).map(|zone| self.entry_in(zone))
    }

    /// Whether an order of this zone may be given to them, as far as availability goes.
    #[must_use]
    pub fn takes_orders_of(&self, zone: &Zone) -> bool {
        self.is_available && self.zone == *zone
    }

    /// Whether they have room for one order more than they have, and than so many others.
    #[must_use]
    pub fn has_room(&self, others: u32) -> bool {
        self.capacity.is_none_or(|capacity| self.open.saturating_add(others) < capacity.get())
    }
}
