//! What a test has of its own: a database, queues, a topic, use cases with a clock that it sets.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use courier_service::{
    couriers::Couriers,
    domain::{Registration, change::PairChange},
    pairs::Pairs,
    postgres::MIGRATIONS,
};
use dispatch_contracts::{
    event::Version,
    id::{CourierId, OrderId},
    life::{Change, Happening},
};
use messaging::{Outbox, outbox};
use runtime::{Clock, Ids};
use serde_json::json;
use sqlx::PgPool;
use test_support::{Servers, ServiceProcess, TestQueue, TestTopic, database};
use uuid::Uuid;

/// Nobody listens there.
pub(crate) const CLOSED: &str = "http://127.0.0.1:1";

/// All that instances of the service share in one test.
pub(crate) struct World {
    pub(crate) servers: Servers,
    pub(crate) database_url: String,
    /// Where the service publishes.
    pub(crate) topic: TestTopic,
    pub(crate) events: TestQueue,
    pub(crate) assignments: TestQueue,
}

impl World {
    pub(crate) async fn create() -> Result<Self> {
        let servers = Servers::from_env()?;
        Ok(Self {
            database_url: database::create(&servers).await?,
            topic: TestTopic::create(&servers).await?,
            events: TestQueue::create(&servers).await?,
            assignments: TestQueue::create(&servers).await?,
            servers,
        })
    }

    /// An instance of the service; the settings given override the test's own.
    pub(crate) async fn start(&self, settings: &[(&str, &str)]) -> Result<ServiceProcess> {
        let own = [
            ("DATABASE_URL", self.database_url.as_str()),
            ("EVENTS_TOPIC_ARN", &self.topic.arn),
            ("EVENTS_QUEUE", &self.events.name),
            ("ASSIGNMENTS_QUEUE", &self.assignments.name),
            ("ORDER_SERVICE_GRPC_URL", CLOSED),
            ("DATABASE_CONNECTIONS", "6"),
            ("LOG_LEVEL", "warn"),
        ];
        let all: Vec<_> = own.iter().chain(settings).copied().collect();
        ServiceProcess::start(env!("CARGO_BIN_EXE_courier-service"), &self.servers, &all).await
    }

    pub(crate) async fn pool(&self) -> Result<PgPool> {
        Ok(PgPool::connect(&self.database_url).await?)
    }
}

/// The use cases on a database of the test's own, with a clock that the test sets.
pub(crate) struct UseCases {
    pub(crate) couriers: Couriers,
    pub(crate) pairs: Pairs,
    pub(crate) pool: PgPool,
    now: Arc<Mutex<DateTime<Utc>>>,
}

impl UseCases {
    pub(crate) async fn create() -> Result<Self> {
        Self::on(database::migrated(&Servers::from_env()?, &outbox::with_migrations(&MIGRATIONS)).await?)
    }

    /// On a database that is there.
    pub(crate) fn on(pool: PgPool) -> Result<Self> {
        let now = Arc::new(Mutex::new(time("2026-01-01T00:00:00Z")?));
        let read = now.clone();
        let clock = Clock::from_fn(move || *read.lock().unwrap_or_else(PoisonError::into_inner));
        let outbox = Outbox::new("arn:aws:sns:eu-west-2:123450000001:unused".to_owned());
        let couriers = Couriers::new(pool.clone(), outbox.clone(), clock.clone(), Ids::random());
        Ok(Self { couriers, pairs: Pairs::new(pool.clone(), outbox, clock), pool, now })
    }

    /// Moves the clock, also backwards.
    pub(crate) fn pass(&self, time: TimeDelta) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }

    /// What waits to be published, oldest first.
    pub(crate) async fn outbox(&self) -> Result<Vec<serde_json::Value>> {
        let payloads: Vec<String> =
            sqlx::query_scalar("SELECT payload FROM outbox ORDER BY seq").fetch_all(&self.pool).await?;
        payloads.iter().map(|payload| Ok(serde_json::from_str(payload)?)).collect()
    }
}

pub(crate) fn time(text: &str) -> Result<DateTime<Utc>> {
    Ok(text.parse()?)
}

/// A second of the first minute that a test's clock knows.
pub(crate) fn second(second: u32) -> Result<DateTime<Utc>> {
    time(&format!("2026-01-01T00:00:{second:02}Z"))
}

/// A change as an event tells of it, in zone S.
pub(crate) fn changed(order_id: OrderId, change: Change, at: DateTime<Utc>, event_id: Uuid) -> Result<PairChange> {
    let (courier_id, zone) = match change {
        Change::Assigned(courier) => (Some(courier), Some("S".parse()?)),
        Change::Unassigned(courier) => (Some(courier), None),
        Change::PickedUp(courier) | Change::Delivered(courier) => (courier, None),
        Change::Cancelled => (None, None),
    };
    let happening = Happening { version: Version { at, event_id: event_id.into() }, change };
    Ok(PairChange { order_id, happening, courier_id, zone })
}

pub(crate) fn courier_id() -> CourierId {
    Uuid::new_v4().into()
}

pub(crate) fn order_id() -> OrderId {
    Uuid::new_v4().into()
}

/// "a" of zone S; the rest is left out.
pub(crate) fn registration(courier_id: CourierId) -> Result<Registration> {
    Ok(Registration {
        courier_id,
        name: "a".to_owned().try_into().map_err(anyhow::Error::msg)?,
        zone: "S".parse()?,
        is_available: None,
        capacity: None,
    })
}

/// An AddCourier as others inject it.
pub(crate) fn injected(courier_id: CourierId, zone: &str, occurred_at: &str) -> String {
    json!({"courierId": courier_id, "name": "a", "zone": zone, "isAvailable": true, "occurredAt": occurred_at})
        .to_string()
}

/// An OrderAssigned as assignment-service publishes it.
pub(crate) fn assigned(order_id: OrderId, courier_id: CourierId, at: &str) -> String {
    json!({
        "type": "OrderAssigned", "orderId": order_id, "courierId": courier_id, "zone": "S", "assignedAt": at,
        "eventId": Uuid::new_v4(),
    })
    .to_string()
}

/// All sequences of the items.
pub(crate) fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for position in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(position);
        for mut permutation in permutations(&rest) {
            permutation.insert(0, first.clone());
            all.push(permutation);
        }
    }
    all
}
