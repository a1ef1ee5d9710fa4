//! order-service: owns orders, their details, zone and status.
//!
//! ```text
//! http ----> orders <---- events (order-events-queue, order-assignment-queue)
//! grpc ---->   |
//!              +--> postgres (orders, their changes, idempotency keys, outbox) --> relay --> SNS events-topic
//! http ----> lookup --> courier-service (gRPC)
//! ```
//!
//! Guarantees: an order that was answered for is durable and will be published, exactly one order comes of one order id
//! and of one `Idempotency-Key`, and what events say of an order does not depend on their sequence.

pub mod domain;
pub mod error;
pub mod events;
pub mod grpc;
pub mod http;
pub mod orders;
pub mod postgres;
pub mod settings;

use std::{sync::Arc, time::Duration};

use ::events::{Consume, messages::Messages};
use dispatch_contracts::grpc::{
    DESCRIPTORS, message_service_server::MessageServiceServer, order_service_server::OrderServiceServer,
};
use lookup::Couriers;
use messaging::{
    Clients, Consumer, Outbox, Publisher, Queue, WireTap,
    outbox::{self, Relay},
    queue::QueueError,
};
use rest::Limits;
use runtime::{
    Clock, Health, Ids, Lifecycle, LoadSettings, Telemetry,
    database::{self, DatabaseError},
    lifecycle::{LifecycleError, infallible},
    operations,
    serve::{self, BindError},
};
use tokio_util::sync::CancellationToken;

use self::{
    events::{Assignments, OrderEvents},
    grpc::Grpc,
    http::Api,
    orders::Orders,
    settings::Settings,
};

/// How long a start waits for queues that are themselves being made.
const QUEUES: Duration = Duration::from_secs(60);

/// The types of events that it publishes.
const PUBLISHED: [&str; 4] = ["AddOrder", "OrderPickedUp", "OrderDelivered", "OrderCancelled"];

/// Why the service did not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A port is not free.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A queue is not there.
    #[error("{0}: the queue cannot be used")]
    Queue(&'static str, #[source] QueueError),
    /// A part of it broke off, or did not drain in time.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
}

/// Runs the service until `stop`, then drains.
///
/// # Errors
/// It could not start, a part of it ended by itself, or it did not drain within its grace period.
pub async fn run(settings: Settings, telemetry: Telemetry, stop: CancellationToken) -> Result<(), RunError> {
    match stop.run_until_cancelled(start(settings, telemetry)).await {
        Some(started) => Ok(started?.run(stop).await?),
        None => Ok(()), // Told to stop while still waiting for its servers: there is nothing to drain.
    }
}

async fn start(settings: Settings, telemetry: Telemetry) -> Result<Lifecycle, RunError> {
    let http_listener = serve::bind("HTTP_ADDR", settings.http_addr).await?;
    let grpc_listener = serve::bind("GRPC_ADDR", settings.grpc_addr).await?;
    let pool = database::open(&settings.database, &outbox::with_migrations(&postgres::MIGRATIONS)).await?;
    let clients = Clients::load(&settings.aws).await;
    let queue = async |setting, name: &str| {
        Queue::wait_for(&clients, name, QUEUES).await.map_err(|error| RunError::Queue(setting, error))
    };
    let events_queue = queue("EVENTS_QUEUE", &settings.events_queue).await?;
    let assignments_queue = queue("ASSIGNMENTS_QUEUE", &settings.assignments_queue).await?;

    let load = settings.load;
    let outbox = Outbox::new(settings.events_topic_arn.clone());
    let limits = limits(&load, &outbox);
    let relay = Relay::new(&outbox, pool.clone(), Publisher::new(&clients)).counting(&PUBLISHED);
    let tap = WireTap::new(pool.clone());
    let key_ttl = settings.idempotency_key_ttl();
    let orders = Orders::new(pool.clone(), outbox, Clock::system(), Ids::random(), key_ttl);
    let couriers = Couriers::new(
        &settings.lookup.courier_service_grpc_url,
        settings.lookup.timeout(settings.load.request_timeout()),
    );
    let api = Api { orders: orders.clone(), couriers };

    let health = Arc::new(
        Health::default()
            .needs("database", database::check(&pool))
            .needs("events_queue", events_queue.check())
            .needs("assignments_queue", assignments_queue.check()),
    );
    let api = rest::api::finish(http::routes().with_state(api), &limits);
    let served = serve::Http::new(operations::router(health.clone(), telemetry), api, rest::api::turned_away(&limits));
    let grpc = OrderServiceServer::new(Grpc(orders.clone())).max_decoding_message_size(serve::LARGEST_CALL);
    let messages = MessageServiceServer::new(Messages(tap.clone())).max_decoding_message_size(serve::LARGEST_CALL);
    let services = serve::Services::default().with(grpc).with(messages);
    let order_events = Arc::new(Consume::of(events_queue.name(), OrderEvents(orders.clone())));
    let order_events = Consumer::new(events_queue, order_events, settings.consumer.clone()).tapped(&tap);
    let assignments = Arc::new(Consume::of(assignments_queue.name(), Assignments(orders.clone())));
    let assignments = Consumer::new(assignments_queue, assignments, settings.consumer.clone()).tapped(&tap);

    let mut lifecycle = Lifecycle::new(health, settings.shutdown.grace());
    lifecycle.way_in("http", |stop| serve::http(http_listener, served, load, stop));
    lifecycle.way_in("grpc", |stop| serve::grpc(grpc_listener, services, DESCRIPTORS, load, stop));
    lifecycle.way_in("order events", |stop| infallible(order_events.run(stop)));
    lifecycle.way_in("assignments", |stop| infallible(assignments.run(stop)));
    lifecycle.way_in("key pruning", |stop| orders.prune_keys_until(stop));
    lifecycle.way_out("outbox relay", |stop| infallible(relay.run(stop)));
    lifecycle.way_out("wire tap", |stop| infallible(tap.run(stop)));
    tracing::info!(http = %settings.http_addr, grpc = %settings.grpc_addr, "order-service is up");
    Ok(lifecycle)
}

/// What REST takes on. It is asked to add to the outbox only while that is short enough.
fn limits(load: &LoadSettings, outbox: &Outbox) -> Limits {
    let (outbox, most) = (outbox.clone(), load.max_outbox);
    Limits {
        requests: load.max_requests as usize,
        time: load.request_timeout(),
        has_room: Arc::new(move || outbox.waiting() < most),
    }
}
