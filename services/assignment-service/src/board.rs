//! The dispatch board, at `/`: HTML for people who want to see what is happening now, and why.
//!
//! ```text
//! browser --GET page-----------> page --> sections (facts, lookups, queues, health) --> HTML
//!         --same URL, as stream-> live --> the same sections, those that have changed
//! ```
//!
//! - It reads what is committed, over connections of its own that may not write, so that looking never takes a
//!   connection from dispatching.
//! - Bounded: so many pages are made at a time, so many streams are open, each has at most one update under way, and what
//!   a slow browser did not take in time it never gets: it gets how things are when it is ready.
//! - Text from events is escaped by the templates; the policy sent with each page allows nothing but our own files.
//! - What writes is behind a confirmation and a token (`csrf.rs`), and can be switched off.

mod actions;
mod assets;
mod chart;
mod courier;
mod csrf;
mod dead_letters;
mod events;
mod fresh;
mod headers;
mod html;
mod live;
mod lookups;
mod messages;
mod order;
mod overview;
mod page;
mod part;
mod queues;
mod search;
mod services;
mod settings;
mod tail;
mod taps;
mod watched;
mod zone;

use std::{sync::Arc, time::Duration};

use axum::{Router, http::StatusCode, middleware, response::Response, routing::get};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    resource::{Courier, Order},
};
use messaging::{WireTap, queue::QueueError};
use runtime::{Clock, Health};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use self::{lookups::Known, tail::Tail};
pub use self::{
    part::PATIENCE,
    queues::Queues,
    settings::{Actions, BoardSettings},
};
use crate::{
    dispatch::Dispatch,
    domain::policy::Policy,
    facts::{Facts, FactsError},
};

/// Pages made at a time.
const PAGES: usize = 32;
/// Browsers that are kept up to date at a time.
const STREAMS: usize = 200;

/// A part of the board cannot be shown.
#[derive(Debug, thiserror::Error)]
enum BoardError {
    #[error(transparent)]
    Facts(#[from] FactsError),
    /// Of what all viewers share.
    #[error("{0}")]
    Shared(String),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("PostgreSQL: {0}")]
    Tap(#[from] sqlx::Error),
    #[error("the service that consumes this queue does not tell: {0}")]
    Messages(#[from] lookup::MessagesError),
    #[error("the page cannot be made: {0}")]
    Template(#[from] askama::Error),
    #[error("no answer within {0:?}")]
    Late(Duration),
}

/// What the board works with.
#[derive(Clone)]
pub struct Board(Arc<Inner>);

/// What a board is made of.
pub struct Parts {
    /// For reading, over connections that may not write.
    pub facts: Facts,
    /// How couriers are chosen, which explains why an order waits.
    pub policy: Policy,
    /// For what is done by hand.
    pub dispatch: Dispatch,
    /// Names of couriers.
    pub couriers: lookup::Couriers,
    /// Details of orders.
    pub orders: lookup::Orders,
    /// What passed through the queue that this service consumes.
    pub tap: WireTap,
    /// Which queue that is.
    pub consumed: String,
    /// And through those of the others.
    pub others: [lookup::Messages; 2],
    /// Whether the servers answer.
    pub health: Arc<Health>,
    /// What lies in the queues.
    pub queues: Queues,
    /// The time.
    pub clock: Clock,
    /// Whether there are actions that write.
    pub actions: Actions,
    /// Whether what a request writes can be passed on soon.
    pub has_room: Arc<dyn Fn() -> bool + Send + Sync>,
}

struct Inner {
    parts: Parts,
    tail: Tail,
    pages: Semaphore,
    streams: Arc<Semaphore>,
    stopping: CancellationToken,
    overview: overview::Cache,
    looks: dead_letters::Looks,
    known_couriers: Known<CourierId, Courier>,
    known_orders: Known<OrderId, Order>,
}

impl std::ops::Deref for Board {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl Board {
    /// A board of these parts; it is live while it is [run](Self::run).
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        page::count_from_zero();
        Self(Arc::new(Inner {
            tail: Tail::new(parts.facts.clone()),
            parts,
            pages: Semaphore::new(PAGES),
            streams: Arc::new(Semaphore::new(STREAMS)),
            stopping: CancellationToken::new(),
            overview: overview::Cache::default(),
            looks: dead_letters::Looks::default(),
            known_couriers: Known::default(),
            known_orders: Known::default(),
        }))
    }

    /// Follows the log, the queues and the health of servers until `stop`; then ends all streams, so that nobody who looks keeps
    /// the process.
    ///
    /// # Errors
    /// None.
    pub async fn run(self, stop: CancellationToken) -> Result<(), std::convert::Infallible> {
        let overview = &self.0.overview;
        let queues = overview.queues.keep(|| self.queues.measure(self.clock.now()));
        let services = overview.services.keep(|| services::ask(&self));
        stop.run_until_cancelled(async { tokio::join!(self.0.tail.follow(), queues, services) }).await;
        self.0.stopping.cancel();
        Ok(())
    }
}

async fn nowhere() -> Response {
    page::problem(StatusCode::NOT_FOUND, "There is no such page.")
}

/// The pages, their files, and what can be done from them.
pub fn routes(board: Board) -> Router {
    Router::new()
        .route("/", get(overview::show))
        .route("/board/zones/{zone}", get(zone::show))
        .route("/board/orders/{order_id}", get(order::show))
        .route("/board/couriers/{courier_id}", get(courier::show))
        .route("/board/messages", get(messages::show))
        .route("/board/events", get(events::show))
        .route("/board/search", get(search::search))
        .route("/board/{*nothing}", get(nowhere))
        .merge(actions::routes(board.actions))
        .with_state(board)
        .layer(middleware::from_fn(headers::add))
        .merge(assets::routes())
}
