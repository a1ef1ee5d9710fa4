//! What is said of a courier.

use dispatch_contracts::{
    courier::{Capacity, Name},
    event::AddCourier,
    id::CourierId,
    resource::Courier,
    zone::Zone,
};

/// What a registration says of a courier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Who.
    pub courier_id: CourierId,
    /// Their name.
    pub name: Name,
    /// Where they take orders.
    pub zone: Zone,
    /// Whether they take orders now. Left out: a new courier does, and for others nothing changes.
    pub is_available: Option<bool>,
    /// Most open orders at once. Left out: no limit, since a registration replaces the one before.
    pub capacity: Option<Capacity>,
}

/// What is published of a courier: always all of it, so that whoever gets only the newest event knows everything.
#[must_use]
pub fn announcement(courier: &Courier) -> AddCourier {
    AddCourier {
        courier_id: courier.courier_id,
        name: courier.name.clone(),
        zone: courier.zone.clone(),
        is_available: courier.is_available,
        capacity: courier.capacity,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use dispatch_contracts::event::{Decoded, Event, Payload, decode};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_published_says_all_that_is_shown() {
        let courier = Courier {
            courier_id: Uuid::max().into(),
            name: "a".to_owned().try_into().expect("a name"),
            zone: "S".parse().expect("a zone"),
            is_available: false,
            capacity: Some(3_i64.try_into().expect("a capacity")),
            updated_at: DateTime::UNIX_EPOCH,
        };
        let event = Event::new(Uuid::nil().into(), courier.updated_at, Payload::AddCourier(announcement(&courier)));
        let Ok(Decoded::Event(read)) = decode(&event.to_json()) else { panic!("not read: {event:?}") };
        let (Payload::AddCourier(news), Some(at)) = (read.payload, read.occurred_at) else { panic!("no AddCourier") };
        let shown = Courier {
            courier_id: news.courier_id,
            name: news.name,
            zone: news.zone,
            is_available: news.is_available,
            capacity: news.capacity,
            updated_at: at,
        };
        assert_eq!(shown, courier);
    }
}
