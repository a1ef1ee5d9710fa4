//! assignment-service: decides who gets which order, and records why.
//!
//! ```text
//! events-queue --> intake --> dispatch --> choice (Redis), facts (PostgreSQL)
//! gRPC ------------> grpc --------^           outbox --> relay --> SNS assignment-topic
//! REST ------------> http --> facts
//! browser ---------> board --> facts, and gRPC of the other services
//! ```
//!
//! Guarantees: an order is assigned to at most one courier at a time, since it is one row of the facts; what was
//! acknowledged is committed; Redis may forget everything at any moment.

pub mod board;
pub mod choice;
pub mod dispatch;
pub mod domain;
pub mod facts;
pub mod gauges;
pub mod grpc;
pub mod http;
pub mod intake;
pub mod operate;
pub mod pace;
pub mod retention;
pub mod settings;

use std::{sync::Arc, time::Duration};

use ::events::{Consume, messages::Messages};
use dispatch_contracts::grpc::{
    DESCRIPTORS, assignment_service_server::AssignmentServiceServer, message_service_server::MessageServiceServer,
};
use messaging::{
    Clients, Consumer, Outbox, Publisher, Queue, WireTap,
    outbox::{self, Relay},
    queue::QueueError,
};
use rest::Limits;
use runtime::{
    Clock, DatabaseSettings, Health, Ids, Lifecycle, LoadSettings, Telemetry,
    database::{self, DatabaseError},
    lifecycle::{LifecycleError, infallible},
    operations,
    serve::{self, BindError},
};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use self::{
    board::{Board, Queues},
    choice::{Choice, ChoiceError},
    dispatch::Dispatch,
    facts::Facts,
    gauges::Gauges,
    grpc::Lookups,
    http::Api,
    intake::Intake,
    pace::Pace,
    retention::Retention,
    settings::Settings,
};

/// How long a start waits for servers that are themselves starting.
const START: Duration = Duration::from_secs(60);

/// The types of events that it publishes.
const PUBLISHED: [&str; 2] = ["OrderAssigned", "OrderUnassigned"];

/// Connections to the database that the board has for itself.
const BOARD_CONNECTIONS: u32 = 4;

/// Why the service did not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A port is not free.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Redis does not answer.
    #[error("REDIS_URL: {0}")]
    Redis(#[from] ChoiceError),
    /// The queue is not there.
    #[error("EVENTS_QUEUE: {0}")]
    Queue(#[from] QueueError),
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
    let pool = database::open(&settings.database, &outbox::with_migrations(&facts::MIGRATIONS)).await?;
    let policy = settings.policy.policy();
    let choice = Choice::wait_for(settings.redis.clone(), &policy, START).await?;
    let clients = Clients::load(&settings.aws).await;
    let queue = Queue::wait_for(&clients, &settings.events_queue, START).await?;

    let load = settings.load;
    let outbox = Outbox::new(settings.assignment_topic_arn.clone());
    let limits = limits(&load, &outbox);
    let tap = WireTap::new(pool.clone());
    let facts = Facts::new(pool.clone());
    let pace = Pace::new(facts.clone(), Clock::system());
    let relay =
        Relay::new(&outbox, pool.clone(), Publisher::new(&clients)).counting(&PUBLISHED).telling(pace.observer());
    let retention = Retention::new(facts.clone(), Clock::system(), settings.log_retention());
    let gauges = Gauges::new(facts.clone(), choice.clone(), Clock::system(), settings.metrics_zones);
    let dispatch = Dispatch::new(facts.clone(), choice.clone(), outbox, Clock::system(), Ids::random(), policy);
    let board_pool = board_pool(&settings).await?;
    let (check, measured) = (database::check(&pool), board_pool.clone());
    let check = move || {
        database::measure("board", &measured);
        check()
    };
    let health = Health::default().needs("database", check).needs("events_queue", queue.check());
    let health = Arc::new(health.needs("redis", choice.check()));
    let board = board(&settings, &clients, &health, &dispatch, &limits, board_pool);
    let api = http::routes().with_state(Api { facts, dispatch: dispatch.clone() });
    let served = serve::Http::new(
        operations::router(health.clone(), telemetry),
        rest::api::finish(api, &limits).merge(rest::observed(board::routes(board.clone()))),
        rest::api::turned_away(&limits),
    );
    let grpc = AssignmentServiceServer::new(Lookups(dispatch.clone())).max_decoding_message_size(serve::LARGEST_CALL);
    let messages = MessageServiceServer::new(Messages(tap.clone())).max_decoding_message_size(serve::LARGEST_CALL);
    let services = serve::Services::default().with(grpc).with(messages);
    let consumer = Consumer::new(
        queue.clone(),
        Arc::new(Consume::of(queue.name(), Intake(dispatch.clone()))),
        settings.consumer.clone(),
    )
    .tapped(&tap);
    let (drains, sweeps, leaving) = (dispatch.clone(), dispatch.clone(), dispatch.clone());
    let (sweep, grace) = (settings.sweep(), settings.leave_grace());
    let reconcile = Duration::from_secs(settings.reconcile_interval_seconds);

    let mut lifecycle = Lifecycle::new(health, settings.shutdown.grace());
    lifecycle.way_in("http", |stop| serve::http(http_listener, served, load, stop));
    lifecycle.way_in("board", |stop| board.run(stop));
    lifecycle.way_in("grpc", |stop| serve::grpc(grpc_listener, services, DESCRIPTORS, load, stop));
    lifecycle.way_in("events", |stop| infallible(consumer.run(stop)));
    lifecycle.way_in("drains", |stop| drains.run_drains(stop));
    lifecycle.way_in("sweeps", |stop| sweeps.run_sweeps(sweep, stop));
    lifecycle.way_in("leaving", |stop| leaving.run_leaving(grace, stop));
    lifecycle.way_in("reconciling", |stop| dispatch.run_reconciling(reconcile, stop));
    lifecycle.way_in("log retention", |stop| retention.run(stop));
    lifecycle.way_in("gauges", |stop| gauges.run(stop));
    lifecycle.way_in("pace", |stop| pace.run(stop));
    lifecycle.way_out("outbox relay", |stop| infallible(relay.run(stop)));
    lifecycle.way_out("wire tap", |stop| infallible(tap.run(stop)));
    tracing::info!(http = %settings.http_addr, grpc = %settings.grpc_addr, "assignment-service is up");
    Ok(lifecycle)
}

/// The connections of the board.
async fn board_pool(settings: &Settings) -> Result<PgPool, DatabaseError> {
    let database = DatabaseSettings { database_connections: BOARD_CONNECTIONS, ..settings.database.clone() };
    database::connect_to_read(&database, board::PATIENCE).await
}

/// The board, which reads over connections of its own.
fn board(
    settings: &Settings,
    clients: &Clients,
    health: &Arc<Health>,
    dispatch: &Dispatch,
    limits: &Limits,
    pool: PgPool,
) -> Board {
    let own = &settings.board;
    Board::new(board::Parts {
        dispatch: dispatch.clone(),
        policy: settings.policy.policy(),
        facts: Facts::new(pool.clone()),
        tap: WireTap::new(pool),
        consumed: settings.events_queue.clone(),
        others: [
            lookup::Messages::new("courier-service", &own.courier_service_grpc_url, own.lookup_timeout()),
            lookup::Messages::new("order-service", &own.order_service_grpc_url, own.lookup_timeout()),
        ],
        couriers: lookup::Couriers::new(&own.courier_service_grpc_url, own.lookup_timeout()),
        orders: lookup::Orders::new(&own.order_service_grpc_url, own.lookup_timeout()),
        health: health.clone(),
        queues: Queues::new(clients.clone(), own.board_queues.clone()),
        clock: Clock::system(),
        actions: own.board_actions,
        has_room: limits.has_room.clone(),
    })
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
