//! What the tests act in: a database, zones and events of their own, and any number of instances over them.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result};
use assignment_service::{
    choice::{Choice, RedisSettings},
    dispatch::Dispatch,
    domain::{order::Order, policy::Policy},
    facts::{Facts, MIGRATIONS},
};
use chrono::{DateTime, TimeDelta, Utc};
use dispatch_contracts::{
    courier::Name,
    event::{AddCourier, AddOrder, Payload, Version},
    id::{CourierId, EventId, OrderId},
    order::Priority,
    zone::Zone,
};
use events::Incoming;
use messaging::{Outbox, outbox};
use runtime::{Clock, Ids};
use sqlx::PgPool;
use test_support::{
    Servers, database, unique,
    valkey::{self, Connection},
};
use tokio_util::sync::CancellationToken;
use trace::TraceParent;
use uuid::Uuid;

/// For Redis to answer when an instance starts, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) pool: PgPool,
    pub(crate) choice: Choice,
    pub(crate) redis: Connection,
    pub(crate) zone: Zone,
    policy: Policy,
    stop: CancellationToken,
}

impl World {
    pub(crate) async fn new() -> Result<Self> {
        Self::with(Policy::default()).await
    }

    /// A world in which couriers are chosen by this policy.
    pub(crate) async fn with(policy: Policy) -> Result<Self> {
        let url = Servers::from_env()?.redis_url;
        let redis = Connection::Server(valkey::connect(&url).await?);
        Self::on(redis::Client::open(url)?, redis, policy).await
    }

    /// A world with a Redis of its own.
    pub(crate) async fn on(settings: impl Into<RedisSettings>, redis: Connection, policy: Policy) -> Result<Self> {
        let servers = Servers::from_env()?;
        Ok(Self {
            pool: database::migrated(&servers, &outbox::with_migrations(&MIGRATIONS)).await?,
            choice: Choice::wait_for(settings, &policy, PATIENCE).await?,
            redis,
            zone: zone("zone")?,
            policy,
            stop: CancellationToken::new(),
        })
    }

    /// An instance of the service, without its ways in and out; it drains by itself.
    pub(crate) fn instance(&self) -> Dispatch {
        self.instance_with(self.choice.clone())
    }

    /// An instance with a connection to Redis of its own.
    pub(crate) fn instance_with(&self, choice: Choice) -> Dispatch {
        let (facts, outbox) = (Facts::new(self.pool.clone()), Outbox::new("topic".into()));
        let dispatch = Dispatch::new(facts, choice, outbox, Clock::system(), Ids::random(), self.policy);
        tokio::spawn(dispatch.clone().run_drains(self.stop.clone()));
        dispatch
    }

    /// Redis forgets the zone, as if it had lost its data.
    pub(crate) async fn wipe(&self, zone: &Zone) -> Result<()> {
        let keys: Vec<_> = KEYS.iter().map(|key| key_of(zone, key)).collect();
        // All at once, as they are lost.
        Ok(redis::cmd("DEL").arg(keys).query_async(&mut self.redis.clone()).await?)
    }

    /// Redis forgets a part of the zone.
    pub(crate) async fn lose(&self, zone: &Zone, key: &str) -> Result<()> {
        Ok(redis::cmd("DEL").arg(key_of(zone, key)).query_async(&mut self.redis.clone()).await?)
    }

    /// Runs a command on a key of the zone: the name of the command, the key, the rest.
    pub(crate) async fn command(&self, words: &[&str]) -> Result<()> {
        let [name, key, rest @ ..] = words else { anyhow::bail!("{words:?}") };
        let mut command = redis::cmd(name);
        command.arg(key_of(&self.zone, key)).arg(rest);
        Ok(command.query_async(&mut self.redis.clone()).await?)
    }

    /// Who has which order, by the facts.
    pub(crate) async fn assigned(&self) -> Result<BTreeMap<OrderId, CourierId>> {
        let rows: Vec<(Uuid, Uuid)> =
            sqlx::query_as("SELECT order_id, courier_id FROM orders WHERE status = 'assigned'")
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.into_iter().map(|(order, courier)| (order.into(), courier.into())).collect())
    }

    /// Who has which order, by Redis.
    pub(crate) async fn held(&self, zone: &Zone) -> Result<BTreeMap<OrderId, CourierId>> {
        let all: BTreeMap<String, String> =
            redis::cmd("HGETALL").arg(key_of(zone, "orders")).query_async(&mut self.redis.clone()).await?;
        all.into_iter().map(|(order, courier)| Ok((order.parse()?, courier.parse()?))).collect()
    }

    /// The score of each courier who can take an order, without the fraction.
    pub(crate) async fn scores(&self, zone: &Zone) -> Result<BTreeMap<CourierId, u32>> {
        let all: Vec<(String, f64)> = redis::cmd("ZRANGE")
            .arg(key_of(zone, "couriers"))
            .arg(&["0", "-1", "WITHSCORES"])
            .query_async(&mut self.redis.clone())
            .await?;
        all.into_iter().map(|(courier, score)| Ok((courier.parse()?, score as u32))).collect()
    }

    /// When each courier got their latest orders, by Redis: milliseconds.
    pub(crate) async fn recent(&self, zone: &Zone) -> Result<Vec<String>> {
        Ok(redis::cmd("HVALS").arg(key_of(zone, "recent")).query_async(&mut self.redis.clone()).await?)
    }

    pub(crate) async fn size(&self, zone: &Zone, key: &str) -> Result<u64> {
        let command = if key == "pending" { "ZCARD" } else { "HLEN" };
        Ok(redis::cmd(command).arg(key_of(zone, key)).query_async(&mut self.redis.clone()).await?)
    }

    /// The assignments that would be published: order and courier, one row for each event.
    pub(crate) async fn published(&self) -> Result<Vec<(OrderId, CourierId)>> {
        let payloads: Vec<String> =
            sqlx::query_scalar("SELECT payload FROM outbox ORDER BY seq").fetch_all(&self.pool).await?;
        let read = |payload: String| {
            let event: serde_json::Value = serde_json::from_str(&payload)?;
            let id = |field: &str| event[field].as_str().context("an id").map(str::to_owned);
            Ok((id("orderId")?.parse()?, id("courierId")?.parse()?))
        };
        payloads.into_iter().map(read).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

const KEYS: [&str; 11] =
    ["couriers", "full", "resting", "open", "courier", "recent", "orders", "pending", "declined", "unrecorded", "meta"];

fn key_of(zone: &Zone, key: &str) -> String {
    format!("{{{zone}}}:{key}")
}

pub(crate) fn zone(prefix: &str) -> Result<Zone> {
    Ok(unique::name(prefix).parse()?)
}

pub(crate) fn courier_id() -> CourierId {
    Uuid::new_v4().into()
}

pub(crate) fn order_id() -> OrderId {
    Uuid::new_v4().into()
}

pub(crate) fn incoming(at: DateTime<Utc>, payload: Payload) -> Incoming {
    let event_id = EventId::from(Uuid::now_v7());
    Incoming {
        payload,
        event_id,
        version: Version { at, event_id },
        message_id: Uuid::new_v4().to_string(),
        trace: TraceParent::start(),
    }
}

/// News of a courier, `age` old.
pub(crate) fn news(
    courier_id: CourierId,
    zone: &Zone,
    is_available: bool,
    age: TimeDelta,
) -> Result<(Incoming, AddCourier)> {
    let name = Name::try_from("somebody".to_owned()).map_err(anyhow::Error::msg)?;
    let courier = AddCourier { courier_id, name, zone: zone.clone(), is_available, capacity: None };
    let at = dispatch_contracts::timestamp::to_micros(Utc::now() - age);
    Ok((incoming(at, Payload::AddCourier(courier.clone())), courier))
}

/// An order with its event, added `age` ago.
pub(crate) fn order(order_id: OrderId, zone: &Zone, priority: i64, age: TimeDelta) -> Result<(Incoming, Order)> {
    let priority = Priority::try_from(priority).map_err(anyhow::Error::msg)?;
    let added_at = dispatch_contracts::timestamp::to_micros(Utc::now() - age);
    let details = "something".to_owned().try_into().map_err(anyhow::Error::msg)?;
    let add = AddOrder { order_id, details, zone: zone.clone(), added_at, priority };
    let order = Order { order_id, zone: zone.clone(), priority, added_at };
    Ok((incoming(added_at, Payload::AddOrder(add)), order))
}

pub(crate) async fn add_courier(
    instance: &Dispatch,
    courier: CourierId,
    zone: &Zone,
    is_available: bool,
) -> Result<()> {
    let (event, courier) = news(courier, zone, is_available, TimeDelta::zero())?;
    Ok(instance.add_couriers(&[(&event, &courier)]).await?)
}

pub(crate) async fn add_order(instance: &Dispatch, order_id: OrderId, zone: &Zone) -> Result<()> {
    Ok(instance.add_orders(vec![order(order_id, zone, 0, TimeDelta::zero())?]).await?)
}
