//! The three services without queues and ports: their use cases, over stores of their own.

use std::time::Duration;

use anyhow::{Context as _, Result};
use assignment_service::{
    choice::Choice,
    dispatch::Dispatch,
    domain::policy::Policy,
    facts::{self, Facts},
    intake::Intake,
};
use chrono::TimeDelta;
use courier_service::{couriers::Couriers, events::CourierEvents, pairs::Pairs};
use dispatch_contracts::{
    event::{Decoded, Version, decode},
    id::EventId,
};
use events::{Apply, Incoming};
use messaging::{Outbox, Outcome, outbox};
use order_service::{events::OrderEvents, orders::Orders};
use runtime::{Clock, Ids};
use sqlx::PgPool;
use test_support::{Servers, database, valkey};
use tokio_util::sync::CancellationToken;
use trace::TraceParent;
use uuid::Uuid;

/// For Redis to answer when an instance starts, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The services, two instances of assignment-service among them.
pub struct System {
    /// Where assignment-service keeps its facts.
    pub facts: PgPool,
    /// Where order-service keeps its orders.
    pub orders: PgPool,
    /// Where courier-service keeps its couriers and pairs.
    pub couriers: PgPool,
    /// Where the choice is.
    pub redis: redis::aio::MultiplexedConnection,
    instances: Vec<Dispatch>,
    order_events: OrderEvents,
    order_decisions: order_service::events::Assignments,
    courier_events: CourierEvents,
    courier_decisions: courier_service::events::Assignments,
    stop: CancellationToken,
}

fn outbox() -> Outbox {
    Outbox::new("topic".to_owned())
}

impl System {
    /// Makes the databases and starts draining.
    ///
    /// # Errors
    /// A server does not answer.
    pub async fn start() -> Result<Self> {
        let servers = Servers::from_env()?;
        let client = redis::Client::open(servers.redis_url.as_str())?;
        let facts = database::migrated(&servers, &outbox::with_migrations(&facts::MIGRATIONS)).await?;
        let orders =
            database::migrated(&servers, &outbox::with_migrations(&order_service::postgres::MIGRATIONS)).await?;
        let couriers =
            database::migrated(&servers, &outbox::with_migrations(&courier_service::postgres::MIGRATIONS)).await?;
        // Nobody is asked again, so a wait for that is over only when somebody new comes.
        let policy = Policy { decline_ttl: Duration::from_secs(3_600), ..Policy::default() };
        let (clock, ids, stop) = (Clock::system(), Ids::random(), CancellationToken::new());
        let mut instances = Vec::new();
        for _ in 0..2 {
            let choice = Choice::wait_for(client.clone(), &policy, PATIENCE).await?;
            let facts = Facts::new(facts.clone());
            let dispatch = Dispatch::new(facts, choice, outbox(), clock.clone(), ids.clone(), policy);
            tokio::spawn(dispatch.clone().run_drains(stop.clone()));
            instances.push(dispatch);
        }
        let all_orders = Orders::new(orders.clone(), outbox(), clock.clone(), ids.clone(), TimeDelta::hours(1));
        let pairs = Pairs::new(couriers.clone(), outbox(), clock.clone());
        let all_couriers = Couriers::new(couriers.clone(), outbox(), clock, ids);
        Ok(Self {
            redis: valkey::connect(&servers.redis_url).await?,
            order_events: OrderEvents(all_orders.clone()),
            order_decisions: order_service::events::Assignments(all_orders),
            courier_events: CourierEvents { couriers: all_couriers, pairs: pairs.clone() },
            courier_decisions: courier_service::events::Assignments(pairs),
            facts,
            orders,
            couriers,
            instances,
            stop,
        })
    }

    /// One of the instances of assignment-service.
    ///
    /// # Errors
    /// There is none.
    pub fn instance(&self, number: usize) -> Result<&Dispatch> {
        self.instances.get(number % self.instances.len().max(1)).context("an instance")
    }

    /// Delivers a batch of events-queue.
    ///
    /// # Errors
    /// It was not handled.
    pub async fn deliver(&self, instance: usize, batch: &[Incoming]) -> Result<()> {
        handled(Intake(self.instance(instance)?.clone()).apply(batch).await, batch.len())
    }

    /// Delivers to both read models, in the order of the slice: the events of the topic, and decisions.
    ///
    /// # Errors
    /// One was not handled.
    pub async fn inform(&self, news: &[Incoming]) -> Result<()> {
        for chunk in news.chunks(7) {
            handled(self.order_events.apply(chunk).await, chunk.len())?;
            handled(self.order_decisions.apply(&decisions(chunk)).await, decisions(chunk).len())?;
            handled(self.courier_decisions.apply(&decisions(chunk)).await, decisions(chunk).len())?;
            handled(self.courier_events.apply(chunk).await, chunk.len())?;
        }
        Ok(())
    }

    /// What assignment-service has published about orders, in no particular order.
    ///
    /// # Errors
    /// PostgreSQL does not answer, or an event is not readable.
    pub async fn published(&self, orders: &[Uuid]) -> Result<Vec<Incoming>> {
        let bodies: Vec<String> = sqlx::query_scalar(
            "SELECT payload FROM outbox WHERE (payload::jsonb ->> 'orderId')::uuid = ANY ($1) ORDER BY seq",
        )
        .bind(orders)
        .fetch_all(&self.facts)
        .await?;
        bodies.iter().map(|body| incoming(body)).collect()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn decisions(news: &[Incoming]) -> Vec<Incoming> {
    let is_decision = |event: &&Incoming| matches!(event.payload.type_name(), "OrderAssigned" | "OrderUnassigned");
    news.iter().filter(is_decision).cloned().collect()
}

fn handled(outcomes: Result<Vec<Outcome>, messaging::HandlerError>, events: usize) -> Result<()> {
    let outcomes = outcomes.map_err(|error| anyhow::anyhow!("not handled: {error:?}"))?;
    anyhow::ensure!(outcomes.len() == events, "{} outcomes for {events} events", outcomes.len());
    anyhow::ensure!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Done)), "{outcomes:?}");
    Ok(())
}

/// An event as a queue would bring it.
fn incoming(body: &str) -> Result<Incoming> {
    let Decoded::Event(event) = decode(body)? else { anyhow::bail!("unknown type: {body}") };
    let event_id: EventId = event.event_id.context("an event id")?;
    let at = event.occurred_at.context("a time")?;
    Ok(Incoming {
        payload: event.payload,
        event_id,
        version: Version { at, event_id },
        message_id: Uuid::new_v4().to_string(),
        trace: TraceParent::start(),
    })
}
