//! What a test has of its own: a database, queues, a topic; and the ways to ask a service.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use dispatch_contracts::{
    event::{AddOrder, Version},
    id::{CourierId, OrderId},
    life::{Change, Happening},
};
use messaging::{Outbox, outbox};
use order_service::{
    domain::{
        change::{OrderChange, Source},
        order::OrderRequest,
    },
    orders::{Creation, Orders},
    postgres::MIGRATIONS,
};
use runtime::{Clock, Ids};
use serde_json::json;
use sqlx::PgPool;
use test_support::{Servers, ServiceProcess, TestQueue, TestTopic, database};
use trace::TraceParent;
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
            ("COURIER_SERVICE_GRPC_URL", CLOSED),
            ("DATABASE_CONNECTIONS", "6"),
            ("LOG_LEVEL", "warn"),
        ];
        let all: Vec<_> = own.iter().chain(settings).copied().collect();
        ServiceProcess::start(env!("CARGO_BIN_EXE_order-service"), &self.servers, &all).await
    }

    pub(crate) async fn pool(&self) -> Result<PgPool> {
        Ok(PgPool::connect(&self.database_url).await?)
    }
}

/// The use cases on a database of the test's own, with a clock that the test sets.
pub(crate) struct UseCases {
    pub(crate) orders: Orders,
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
        let orders = Orders::new(pool.clone(), outbox, clock, Ids::random(), TimeDelta::hours(24));
        Ok(Self { orders, pool, now })
    }

    pub(crate) fn pass(&self, time: TimeDelta) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }

    /// Rows of a table.
    pub(crate) async fn count(&self, table: &'static str) -> Result<i64> {
        let statement = match table {
            "orders" => "SELECT count(*) FROM orders",
            "order_changes" => "SELECT count(*) FROM order_changes",
            "outbox" => "SELECT count(*) FROM outbox",
            "idempotency_keys" => "SELECT count(*) FROM idempotency_keys",
            other => anyhow::bail!("no table {other}"),
        };
        Ok(sqlx::query_scalar(statement).fetch_one(&self.pool).await?)
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

/// A change as an event tells of it.
pub(crate) fn changed(order_id: OrderId, change: Change, at: DateTime<Utc>, event_id: Uuid) -> OrderChange {
    let courier_id: Option<CourierId> = match change {
        Change::Assigned(courier) | Change::Unassigned(courier) => Some(courier),
        Change::PickedUp(courier) | Change::Delivered(courier) => courier,
        Change::Cancelled => None,
    };
    let happening = Happening { version: Version { at, event_id: event_id.into() }, change };
    OrderChange { order_id, happening, courier_id, cause: None, source: Source::Event }
}

pub(crate) fn order_id() -> OrderId {
    Uuid::new_v4().into()
}

pub(crate) fn add_order(order_id: OrderId, details: &str, added_at: &str) -> Result<AddOrder> {
    Ok(AddOrder {
        order_id,
        details: details.to_owned().try_into().map_err(anyhow::Error::msg)?,
        zone: "S".parse()?,
        added_at: time(added_at)?,
        priority: Default::default(),
    })
}

/// A request for "Buy" in zone S.
pub(crate) fn creation(order_id: Option<OrderId>, key: Option<&str>) -> Result<Creation> {
    Ok(Creation {
        request: OrderRequest {
            order_id,
            details: "Buy".to_owned().try_into().map_err(anyhow::Error::msg)?,
            zone: "S".parse()?,
            priority: Default::default(),
        },
        key: key.map(str::parse).transpose()?,
        trace: TraceParent::start(),
    })
}

/// An AddOrder as others inject it.
pub(crate) fn injected(order_id: OrderId, details: &str) -> String {
    json!({"orderId": order_id, "details": details, "zone": "S", "addedAt": "2021-07-18T10:22:10.170682Z"}).to_string()
}
