//! courier-service: owns couriers, and shows which orders they have.
//!
//! ```text
//! http ----> couriers, pairs <---- events (courier-events-queue, assignment-queue)
//! grpc ---->   |
//!              +--> postgres (couriers, pairs and their changes, outbox) --> relay --> SNS events-topic
//! http ----> lookup --> order-service (gRPC)
//! ```
//!
//! Guarantees: what was said of a courier and answered for is durable and will be published, the newest news of a
//! courier wins whatever order it arrives in, and who has an order does not depend on the sequence of its news.

pub mod couriers;
pub mod domain;
pub mod error;
pub mod events;
pub mod grpc;
pub mod http;
pub mod pairs;
pub mod postgres;
pub mod settings;

use std::{sync::Arc, time::Duration};

use ::events::{Consume, messages::Messages};
use dispatch_contracts::grpc::{
    DESCRIPTORS, courier_service_server::CourierServiceServer, message_service_server::MessageServiceServer,
};
use lookup::Orders;
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
    couriers::Couriers,
    events::{Assignments, CourierEvents},
    grpc::Grpc,
    http::Api,
    pairs::Pairs,
    settings::Settings,
};

/// How long a start waits for queues that are themselves being made.
const QUEUES: Duration = Duration::from_secs(60);

/// The types of events that it publishes.
const PUBLISHED: [&str; 2] = ["AddCourier", "OrderRejected"];

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
    let couriers = Couriers::new(pool.clone(), outbox.clone(), Clock::system(), Ids::random());
    let pairs = Pairs::new(pool.clone(), outbox, Clock::system());
    let orders =
        Orders::new(&settings.lookup.order_service_grpc_url, settings.lookup.timeout(settings.load.request_timeout()));
    let api = Api { couriers: couriers.clone(), pairs: pairs.clone(), orders };

    let health = Arc::new(
        Health::default()
            .needs("database", database::check(&pool))
            .needs("events_queue", events_queue.check())
            .needs("assignments_queue", assignments_queue.check()),
    );
    let api = rest::api::finish(http::routes().with_state(api), &limits);
    let served = serve::Http::new(operations::router(health.clone(), telemetry), api, rest::api::turned_away(&limits));
    let grpc = CourierServiceServer::new(Grpc { couriers: couriers.clone(), pairs: pairs.clone() })
        .max_decoding_message_size(serve::LARGEST_CALL);
    let messages = MessageServiceServer::new(Messages(tap.clone())).max_decoding_message_size(serve::LARGEST_CALL);
    let services = serve::Services::default().with(grpc).with(messages);
    let courier_events = CourierEvents { couriers, pairs: pairs.clone() };
    let courier_events = Arc::new(Consume::of(events_queue.name(), courier_events));
    let courier_events = Consumer::new(events_queue, courier_events, settings.consumer.clone()).tapped(&tap);
    let assignments = Arc::new(Consume::of(assignments_queue.name(), Assignments(pairs)));
    let assignments = Consumer::new(assignments_queue, assignments, settings.consumer.clone()).tapped(&tap);

    let mut lifecycle = Lifecycle::new(health, settings.shutdown.grace());
    lifecycle.way_in("http", |stop| serve::http(http_listener, served, load, stop));
    lifecycle.way_in("grpc", |stop| serve::grpc(grpc_listener, services, DESCRIPTORS, load, stop));
    lifecycle.way_in("courier events", |stop| infallible(courier_events.run(stop)));
    lifecycle.way_in("assignments", |stop| infallible(assignments.run(stop)));
    lifecycle.way_out("outbox relay", |stop| infallible(relay.run(stop)));
    lifecycle.way_out("wire tap", |stop| infallible(tap.run(stop)));
    tracing::info!(http = %settings.http_addr, grpc = %settings.grpc_addr, "courier-service is up");
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
