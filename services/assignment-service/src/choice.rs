//! The choice, in Redis: who of a zone has the least score, atomically and fast.
//!
//! Redis here is a cache of a decision. Each zone has eleven keys that share the hash tag `{ZONE}` (see
//! `choice/lua/zone.lua`), one script for each operation, and a warm marker without which every script answers that
//! the zone is cold. All operations may be repeated; a timeout means "unknown", and repeating is the answer to it.
//!
//! ```text
//! Choice -> executor: a batch in one round trip, repeated where that helps
//!             |-> script, update, reply, answer: what a call is, and what its answer says
//!             |-> slots: which calls go to one node of a cluster
//!             |-> pool -> connection: to one server, or to each node of a cluster
//!             `-> replicas: whether they have it
//! ```

mod answer;
mod connection;
mod executor;
mod pool;
mod replicas;
mod reply;
mod script;
mod settings;
mod slots;
mod update;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    zone::Zone,
};
use futures::future::BoxFuture;

pub use self::{
    answer::{Chosen, Drained, Listing, Picked, Told, Warm, ZoneNumbers, ZoneView},
    settings::{ClusterMode, RedisSettings},
};
use self::{
    executor::Executor,
    reply::Reply,
    script::{Call, Name},
};
use crate::domain::{policy::Policy, settlement::Update};

const CONNECT_AGAIN: Duration = Duration::from_millis(500);

/// Redis did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    /// It did not answer, or answered with an error.
    #[error("Redis: {0}")]
    Redis(#[from] redis::RedisError),
    /// A script answered in a form that this version does not know.
    #[error("Redis: script {script} answered {reply:?}")]
    Reply {
        /// Which script.
        script: Name,
        /// What it answered.
        reply: Vec<String>,
    },
}

/// A step of loading a zone; see `choice/lua/load_zone.lua`.
#[derive(Debug, Clone)]
pub enum LoadStep {
    /// Empties the zone.
    Begin,
    /// Who has which order.
    Orders(Vec<(OrderId, CourierId)>),
    /// Couriers, who waited longest first.
    Couriers(Vec<crate::domain::courier::ZoneEntry>),
    /// Who was given an order lately, and when; the oldest first.
    Recent(Vec<(CourierId, DateTime<Utc>)>),
    /// Who declined which waiting order, and when.
    Declined(Vec<(OrderId, CourierId, DateTime<Utc>)>),
    /// Waiting orders with their ranks.
    Pending(Vec<(OrderId, f64)>),
    /// The zone is warm.
    Finish,
}

/// The connection to Redis: to one server, or to a cluster. Cloning shares it.
#[derive(Clone)]
pub struct Choice {
    executor: Arc<Executor>,
}

impl Choice {
    /// Connects, waiting for Redis as long as `patience`; reconnects by itself from then on. Couriers are chosen by
    /// `policy`.
    ///
    /// # Errors
    /// Redis does not answer, or is no cluster although several addresses are given.
    pub async fn wait_for(
        settings: impl Into<RedisSettings>,
        policy: &Policy,
        patience: Duration,
    ) -> Result<Self, ChoiceError> {
        let (settings, started) = (settings.into(), tokio::time::Instant::now());
        loop {
            match Executor::connect(&settings, policy).await {
                Ok(executor) => return Ok(Self { executor: Arc::new(executor) }),
                Err(error) if connection::is_passing(&error) && started.elapsed() < patience => {
                    tracing::warn!(%error, "Redis does not answer yet");
                    tokio::time::sleep(CONNECT_AGAIN).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether Redis answers now; of a cluster, whether any node does.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), ChoiceError> {
        Ok(self.executor.ping().await?)
    }

    /// Asks whether Redis answers whenever it is called; for [`Health::needs`](runtime::Health::needs).
    pub fn check(&self) -> impl Fn() -> BoxFuture<'static, Result<(), ChoiceError>> + Send + Sync + use<> {
        let choice = self.clone();
        move || {
            let choice = choice.clone();
            Box::pin(async move { choice.ping().await })
        }
    }

    /// Chooses a courier for each order, in one round trip.
    ///
    /// # Errors
    /// Redis does not answer; choices may have been made.
    pub async fn assign(
        &self,
        orders: &[(Zone, OrderId)],
        now: DateTime<Utc>,
    ) -> Result<Vec<Warm<Chosen>>, ChoiceError> {
        let calls = orders.iter().map(|(zone, order)| {
            let args = vec![order.to_string()];
            Call { script: Name::AssignOrder, zone, args }
        });
        self.call(calls.collect(), now).await?.into_iter().map(|reply| reply.warm(Reply::chosen)).collect()
    }

    /// Tells zones what is committed, in one round trip.
    ///
    /// # Errors
    /// Redis does not answer; updates may have been made.
    pub async fn update(&self, updates: &[Update], now: DateTime<Utc>) -> Result<Vec<Warm<Told>>, ChoiceError> {
        let calls = updates.iter().map(update::call).collect();
        self.call(calls, now).await?.into_iter().map(|reply| reply.warm(Reply::told)).collect()
    }

    /// Gives up to `most` waiting orders of a zone to couriers, those behind `after` in the line.
    ///
    /// # Errors
    /// Redis does not answer; picks may have been made, and the sweeper will find them.
    pub async fn drain(
        &self,
        zone: &Zone,
        after: Option<OrderId>,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<Warm<Drained>, ChoiceError> {
        let args = vec![most.to_string(), after.map(|order| order.to_string()).unwrap_or_default()];
        self.one(Call { script: Name::DrainPending, zone, args }, now).await?.warm(Reply::drained)
    }

    /// A part of the picks made at a time or before that are still not known to be committed, and where to go on.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn unrecorded(
        &self,
        zone: &Zone,
        before: DateTime<Utc>,
        cursor: &str,
        now: DateTime<Utc>,
    ) -> Result<Warm<(Vec<Picked>, String)>, ChoiceError> {
        let args = vec![before.timestamp_millis().to_string(), cursor.to_owned(), "500".to_owned()];
        self.one(Call { script: Name::Unrecorded, zone, args }, now).await?.warm(Reply::unrecorded)
    }

    /// A part of the orders that a zone has, and where to go on.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn list_orders(
        &self,
        zone: &Zone,
        listing: Listing,
        cursor: &str,
        now: DateTime<Utc>,
    ) -> Result<Warm<(Vec<OrderId>, String)>, ChoiceError> {
        let args = vec![update::listing(listing).to_owned(), cursor.to_owned(), "200".to_owned()];
        self.one(Call { script: Name::ListOrders, zone, args }, now).await?.warm(Reply::listed)
    }

    /// A part of the couriers whom a zone takes for its own, and where to go on.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn list_couriers(
        &self,
        zone: &Zone,
        cursor: &str,
        now: DateTime<Utc>,
    ) -> Result<Warm<(Vec<CourierId>, String)>, ChoiceError> {
        let args = vec![cursor.to_owned(), "200".to_owned()];
        self.one(Call { script: Name::ListCouriers, zone, args }, now).await?.warm(Reply::listed)
    }

    /// Whether the zone is loaded.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn is_warm(&self, zone: &Zone, now: DateTime<Utc>) -> Result<bool, ChoiceError> {
        let reply = self.one(Call { script: Name::IsWarm, zone, args: Vec::new() }, now).await?;
        Ok(reply.warm(|_| Some(()))? != Warm::Cold)
    }

    /// Makes the zone cold.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn forget(&self, zone: &Zone, now: DateTime<Utc>) -> Result<(), ChoiceError> {
        self.one(Call { script: Name::ForgetZone, zone, args: Vec::new() }, now).await.map(|_| ())
    }

    /// Does a step of loading; answers whether the loader still holds the zone.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn load(
        &self,
        zone: &Zone,
        token: &str,
        step: &LoadStep,
        now: DateTime<Utc>,
    ) -> Result<bool, ChoiceError> {
        let args = update::load_args(token, step);
        Ok(self.one(Call { script: Name::LoadZone, zone, args }, now).await?.is_ok())
    }

    /// What is here of a zone: up to `most` couriers and waiting orders.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn view(&self, zone: &Zone, most: usize, now: DateTime<Utc>) -> Result<Warm<ZoneView>, ChoiceError> {
        let args = vec![most.to_string()];
        self.one(Call { script: Name::ViewZone, zone, args }, now).await?.warm(Reply::view)
    }

    /// The couriers of zones in numbers, in one round trip.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn measure(&self, zones: &[Zone], now: DateTime<Utc>) -> Result<Vec<Warm<ZoneNumbers>>, ChoiceError> {
        let calls = zones.iter().map(|zone| Call { script: Name::MeasureZone, zone, args: Vec::new() });
        self.call(calls.collect(), now).await?.into_iter().map(|reply| reply.warm(Reply::numbers)).collect()
    }

    async fn one(&self, call: Call<'_>, now: DateTime<Utc>) -> Result<Reply, ChoiceError> {
        let script = call.script;
        let mut replies = self.call(vec![call], now).await?;
        replies.pop().ok_or(ChoiceError::Reply { script, reply: Vec::new() })
    }

    async fn call(&self, calls: Vec<Call<'_>>, now: DateTime<Utc>) -> Result<Vec<Reply>, ChoiceError> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let started = std::time::Instant::now();
        let replies = self.executor.run(&calls, now).await?;
        let script = calls.first().map_or("", |call| call.script.name());
        metrics::histogram!("dispatch_redis_script_seconds", "script" => script)
            .record(started.elapsed().as_secs_f64());
        Ok(calls.iter().zip(replies).map(|(call, values)| Reply::new(call.script, values)).collect())
    }
}
