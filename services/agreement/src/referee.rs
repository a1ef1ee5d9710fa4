//! A simple model: walks the log of assignment-service in the order in which it was written, and objects to each decision
//! that was wrong when it was made, and to each that is missing. It knows nothing of Redis, of batches, or of how anybody is
//! chosen, and has its own idea of what may follow what in the life of an order.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use chrono::{DateTime, Utc};
use dispatch_contracts::{
    event::{AddCourier, AddOrder, Version},
    id::{CourierId, EventId, OrderId},
    life::{Change, Happening},
    order::OrderStatus,
};
use serde_json::Value;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use crate::play::Cast;

/// What the model knows after the log.
#[derive(Debug, Default)]
pub struct Referee {
    /// Orders of which an AddOrder was heard.
    pub added: BTreeMap<OrderId, AddOrder>,
    /// Couriers, as the newest news has them.
    pub couriers: BTreeMap<CourierId, (Version, AddCourier)>,
    /// Who declined which order; forgotten when it ends.
    pub declined: Vec<(OrderId, CourierId)>,
    /// Every event of the log.
    pub logged: BTreeSet<EventId>,
    /// Declined rightly, and not yet taken back.
    owed: BTreeSet<(OrderId, CourierId)>,
    /// Commands to pin an order, and whether by force. What follows from one are the next lines about its order.
    pinned: BTreeMap<OrderId, bool>,
    happened: BTreeMap<OrderId, Vec<Happening>>,
}

/// Where an order is, as the model sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Where in its life.
    pub status: OrderStatus,
    /// Who has it, or had it at its end, and since when.
    pub with: Option<(CourierId, DateTime<Utc>)>,
}

impl State {
    const NEW: Self = Self { status: OrderStatus::Pending, with: None };

    /// Who has it now.
    #[must_use]
    pub fn holder(&self) -> Option<CourierId> {
        self.with.filter(|_| !self.has_ended()).map(|(courier, _)| courier)
    }

    fn has_ended(&self) -> bool {
        matches!(self.status, OrderStatus::Delivered | OrderStatus::Cancelled)
    }

    /// What may follow what; all else changes nothing.
    fn after(self, happening: &Happening) -> Self {
        let theirs = |by: Option<CourierId>| self.holder().is_some_and(|holder| by.is_none_or(|by| by == holder));
        match happening.change {
            _ if self.has_ended() => self,
            Change::Assigned(courier) if self.holder() != Some(courier) => {
                Self { status: OrderStatus::Assigned, with: Some((courier, happening.version.at)) }
            }
            Change::Unassigned(courier) if theirs(Some(courier)) => Self::NEW,
            Change::PickedUp(by) if theirs(by) => Self { status: OrderStatus::PickedUp, ..self },
            Change::Delivered(by) if theirs(by) => Self { status: OrderStatus::Delivered, ..self },
            Change::Cancelled => Self { status: OrderStatus::Cancelled, ..self },
            _ => self,
        }
    }
}

#[derive(FromRow)]
struct Line {
    event_id: Uuid,
    r#type: String,
    order_id: Option<Uuid>,
    courier_id: Option<Uuid>,
    payload: Value,
    occurred_at: DateTime<Utc>,
}

impl Referee {
    /// Reads the log of a sequence.
    ///
    /// # Errors
    /// PostgreSQL does not answer, or a decision was wrong.
    pub async fn judge(facts: &PgPool, cast: &Cast) -> Result<Self> {
        let log: Vec<Line> = sqlx::query_as(
            "SELECT event_id, type, order_id, courier_id, payload, occurred_at FROM event_log
             WHERE order_id = ANY ($1) OR courier_id = ANY ($2) ORDER BY seq",
        )
        .bind(cast.order_ids())
        .bind(cast.courier_ids())
        .fetch_all(facts)
        .await?;
        let mut referee = Self::default();
        for line in log {
            referee.read(&line)?;
        }
        ensure!(referee.owed.is_empty(), "declined, and never taken back: {:?}", referee.owed);
        Ok(referee)
    }

    /// The life of an order: what happened to it, in the order of its times.
    #[must_use]
    pub fn life(&self, order: OrderId) -> State {
        let mut happened = self.happened.get(&order).cloned().unwrap_or_default();
        happened.sort_unstable();
        happened.iter().fold(State::NEW, State::after)
    }

    /// Orders that a courier has now.
    #[must_use]
    pub fn open(&self, courier: CourierId) -> usize {
        self.happened.keys().filter(|order| self.life(**order).holder() == Some(courier)).count()
    }

    /// Whether a courier may be given an order, as far as the model knows.
    #[must_use]
    pub fn can_take(&self, courier: CourierId, order: &AddOrder) -> bool {
        let Some((_, known)) = self.couriers.get(&courier) else { return false };
        let has_room = known.capacity.is_none_or(|capacity| self.open(courier) < capacity.get() as usize);
        known.is_available && known.zone == order.zone && has_room
    }

    fn read(&mut self, line: &Line) -> Result<()> {
        let version = Version { at: line.occurred_at, event_id: line.event_id.into() };
        self.logged.insert(version.event_id);
        match line.r#type.as_str() {
            "OrderRejected" => {
                let (order, courier) = (line.order_id.map(OrderId::from), line.courier_id.map(CourierId::from));
                let Some((order, courier)) = order.zip(courier) else { return Ok(()) };
                let State { status, with } = self.life(order);
                let since = with.filter(|(holder, _)| *holder == courier).map(|(_, since)| since);
                // In milliseconds: the broker's time has no more.
                let millis = version.at.timestamp_millis();
                if status == OrderStatus::Assigned && since.is_some_and(|since| since.timestamp_millis() <= millis) {
                    self.owed.insert((order, courier));
                }
            }
            "AddCourier" => {
                let news: AddCourier = serde_json::from_value(line.payload.clone())?;
                let known = self.couriers.entry(news.courier_id).or_insert_with(|| (version, news.clone()));
                if known.0 < version {
                    *known = (version, news);
                }
            }
            "AddOrder" => {
                let added: AddOrder = serde_json::from_value(line.payload.clone())?;
                self.added.entry(added.order_id).or_insert(added);
            }
            "AssignOrder" => {
                let order = line.order_id.map(OrderId::from);
                self.pinned.extend(order.zip(line.payload["force"].as_bool()));
            }
            _ => {
                let Some(order) = line.order_id.map(OrderId::from) else { return Ok(()) };
                let courier = line.courier_id.map(CourierId::from);
                let Some(change) = Change::from_parts(&line.r#type, courier) else { return Ok(()) };
                let pinned = self.pinned.remove(&order);
                if matches!(change, Change::Unassigned(_)) && line.payload["cause"] == "manual" {
                    // Taken from somebody for the one whom the next line about the order names.
                    self.pinned.extend(pinned.map(|force| (order, force)));
                }
                self.object(order, change, version, pinned)?;
                if let (Change::Unassigned(courier), Some("rejected")) = (change, line.payload["cause"].as_str()) {
                    ensure!(self.owed.remove(&(order, courier)), "{order} was taken back from {courier}, who has it");
                    self.declined.push((order, courier));
                }
                self.happened.entry(order).or_default().push(Happening { version, change });
            }
        }
        Ok(())
    }

    fn object(&self, order: OrderId, change: Change, version: Version, pinned: Option<bool>) -> Result<()> {
        let life = self.life(order);
        let what = format!("{change:?} of {order} by {}", version.event_id);
        match change {
            Change::Assigned(courier) => {
                ensure!(life.status == OrderStatus::Pending, "{what}: the order is {life:?}");
                let added = self.added.get(&order);
                ensure!(added.is_some(), "{what}: nobody has heard of the order");
                let able = added.is_some_and(|added| self.can_take(courier, added));
                ensure!(
                    able || pinned == Some(true),
                    "{what}: the courier cannot take it: {:?}",
                    self.couriers.get(&courier)
                );
                let declined = self.declined.contains(&(order, courier));
                ensure!(!declined || pinned.is_some(), "{what}: they declined it");
            }
            Change::Unassigned(courier) => {
                ensure!(life.holder() == Some(courier), "{what}: the order is {life:?}");
            }
            Change::PickedUp(_) | Change::Delivered(_) | Change::Cancelled => return Ok(()),
        }
        let latest = self.happened.get(&order).and_then(|all| all.iter().map(|happening| happening.version.at).max());
        ensure!(latest.is_none_or(|latest| latest < version.at), "{what}: not later than all that was known");
        Ok(())
    }
}
