//! Plays a sequence: what happens makes events, and these are delivered late, twice and in batches.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use dispatch_contracts::{
    courier::Capacity,
    event::{AddCourier, AddOrder, OrderRejected, OrderStep, Payload, Version},
    id::{CourierId, EventId, OrderId},
    order::Priority,
    timestamp,
    zone::Zone,
};
use events::Incoming;
use test_support::unique;
use trace::TraceParent;
use uuid::Uuid;

use crate::{
    action::{Action, By, COURIERS, ORDERS, Step, ZONES},
    referee::Referee,
    system::System,
};

/// What a sequence plays with; nobody else does.
#[derive(Debug)]
pub struct Cast {
    /// Orders, by number.
    pub orders: Vec<OrderId>,
    /// Couriers, by number.
    pub couriers: Vec<CourierId>,
    /// Zones, by number.
    pub zones: Vec<Zone>,
}

impl Cast {
    /// New ones.
    ///
    /// # Errors
    /// None that is meant: the names are fit for zones.
    pub fn new() -> Result<Self> {
        let zone = |_| Ok(unique::name("zone").parse()?);
        Ok(Self {
            orders: (0..ORDERS).map(|_| Uuid::new_v4().into()).collect(),
            couriers: (0..COURIERS).map(|_| Uuid::new_v4().into()).collect(),
            zones: (0..ZONES).map(zone).collect::<Result<_>>()?,
        })
    }

    /// The orders' ids, for stores.
    #[must_use]
    pub fn order_ids(&self) -> Vec<Uuid> {
        self.orders.iter().map(OrderId::as_uuid).collect()
    }

    /// The couriers' ids, for stores.
    #[must_use]
    pub fn courier_ids(&self) -> Vec<Uuid> {
        self.couriers.iter().map(CourierId::as_uuid).collect()
    }
}

/// Plays all steps; answers every event that was delivered, once for each delivery.
///
/// # Errors
/// An event was not handled.
pub async fn play(system: &System, cast: &Cast, steps: &[Step]) -> Result<Vec<Incoming>> {
    let mut due: Vec<(usize, Incoming)> = Vec::new();
    let mut delivered = Vec::new();
    for (now, step) in steps.iter().enumerate() {
        if let Some(event) = act(system, cast, now, step.action).await? {
            due.push((now + step.late, event.clone()));
            due.extend(step.again.map(|again| (now + step.late + again, event)));
        }
        delivered.extend(deliver(system, now, &mut due, |at| at <= now).await?);
    }
    delivered.extend(deliver(system, steps.len(), &mut due, |_| true).await?);
    Ok(delivered)
}

/// Delivers what is due, the latest made first: that is the least like the order in which it was made.
async fn deliver(
    system: &System,
    now: usize,
    due: &mut Vec<(usize, Incoming)>,
    is_due: impl Fn(usize) -> bool,
) -> Result<Vec<Incoming>> {
    let mut batch: Vec<Incoming> = due.extract_if(.., |(at, _)| is_due(*at)).map(|(_, event)| event).collect();
    batch.reverse();
    if !batch.is_empty() {
        system.deliver(now, &batch).await?;
    }
    Ok(batch)
}

async fn act(system: &System, cast: &Cast, now: usize, action: Action) -> Result<Option<Incoming>> {
    let payload = match action {
        Action::Courier { courier, zone, available, capacity } => Payload::AddCourier(AddCourier {
            courier_id: cast.couriers[courier],
            name: "somebody".to_owned().try_into().map_err(anyhow::Error::msg)?,
            zone: cast.zones[zone].clone(),
            is_available: available,
            capacity: capacity
                .map(|most| Capacity::try_from(i64::from(most)))
                .transpose()
                .map_err(anyhow::Error::msg)?,
        }),
        Action::Order(order) => Payload::AddOrder(AddOrder {
            order_id: cast.orders[order],
            details: "something".to_owned().try_into().map_err(anyhow::Error::msg)?,
            // Of its number: where two AddOrders of one order differ, each service keeps the one that it saw first.
            zone: cast.zones[order % ZONES].clone(),
            added_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(order as i64 % 3),
            priority: Priority::try_from(i64::from(order > 5) * 9).map_err(anyhow::Error::msg)?,
        }),
        Action::PickUp(order, by) => Payload::OrderPickedUp(step(system, cast, order, by).await?),
        Action::Deliver(order, by) => Payload::OrderDelivered(step(system, cast, order, by).await?),
        Action::Cancel(order) => Payload::OrderCancelled(step(system, cast, order, By::Unsaid).await?),
        Action::Reject(order, by) => {
            let Some(courier_id) = step(system, cast, order, by).await?.courier_id else { return Ok(None) };
            Payload::OrderRejected(OrderRejected { order_id: cast.orders[order], courier_id })
        }
        Action::Pin { order, courier, force } => {
            let (order, courier) = (cast.orders[order], cast.couriers[courier]);
            let before = Referee::judge(&system.facts, cast).await?;
            let pinned = system.instance(now)?.pin(order, courier, force, TraceParent::start()).await?;
            let is_known = before.added.contains_key(&order) && before.couriers.contains_key(&courier);
            let has_ended = before.life(order).status.has_ended();
            // Drains go on meanwhile; whether there is room is seen in the log.
            let must_be = if is_known && !has_ended { force.then_some(true) } else { Some(false) };
            ensure!(must_be.is_none_or(|must_be| pinned.is_ok() == must_be), "pinning {order}: {pinned:?}");
            return Ok(None);
        }
        Action::TakeBack => {
            system.instance(now)?.take_back_left_behind(Duration::ZERO).await?;
            let left: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM orders JOIN couriers USING (courier_id)
                 WHERE order_id = ANY ($1) AND status = 'assigned' AND NOT is_available AND cause IS NULL",
            )
            .bind(cast.order_ids())
            .fetch_one(&system.facts)
            .await?;
            ensure!(left == 0, "{left} orders are left behind");
            return Ok(None);
        }
        Action::Wipe(zone) => {
            wipe(system, &cast.zones[zone]).await?;
            return Ok(None);
        }
    };
    Ok(Some(incoming(payload)))
}

async fn step(system: &System, cast: &Cast, order: usize, by: By) -> Result<OrderStep> {
    let order_id = cast.orders[order];
    let courier_id = match by {
        By::Courier(courier) => cast.couriers.get(courier).copied(),
        By::Unsaid => None,
        By::Holder => sqlx::query_scalar::<_, Option<Uuid>>("SELECT courier_id FROM orders WHERE order_id = $1")
            .bind(order_id.as_uuid())
            .fetch_optional(&system.facts)
            .await?
            .flatten()
            .map(CourierId::from),
    };
    Ok(OrderStep { order_id, courier_id })
}

/// Redis loses all that it has of a zone.
async fn wipe(system: &System, zone: &Zone) -> Result<()> {
    let mut redis = system.redis.clone();
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(format!("{{{zone}}}:*")).query_async(&mut redis).await.context("KEYS")?;
    if !keys.is_empty() {
        redis::cmd("DEL").arg(keys).query_async::<()>(&mut redis).await?;
    }
    Ok(())
}

/// An event that happens now.
fn incoming(payload: Payload) -> Incoming {
    let event_id = EventId::from(Uuid::now_v7());
    let version = Version { at: timestamp::to_micros(Utc::now()), event_id };
    let message_id = Uuid::new_v4().to_string();
    Incoming { payload, event_id, version, message_id, trace: TraceParent::start() }
}
