//! The SQS consumer: several long polls fill a line, workers take what is in it as one batch.
//!
//! ```text
//! receivers --permits--> ReceiveMessage --> line --> workers --> Handler --> delete | retry | quarantine
//!                                            |______________________|
//!                                            visibility is kept while a message is in here
//! ```
//!
//! - Bounded: a receiver takes permits for ten messages before it asks, so no more than `max_in_flight` are held.
//! - A batch is what is there: a worker never waits for company for a message.
//! - One bad message hurts nobody else: what a message alone decides is settled apart and at once, and a batch that a
//!   handler rejects is halved until the culprit stands alone.
//! - When the handler's own servers are down, or reject everything, nothing is acknowledged: batches are tried again in place, with growing
//!   pauses, and receiving ends where the permits end.
//! - [`Consumer::run`] drains when told to stop: no new polls, what was received is worked off, then it returns.
//!   A poll that is under way is waited for, since what it brings would else be invisible to everybody for a while.

mod depth;
mod receiver;
mod settle;
mod visibility;
mod worker;

use std::{future::Future, sync::Arc, time::Duration};

use clap::Args;
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use trace::TraceParent;

use self::{receiver::Receiver, settle::Settler, visibility::Visibility, worker::Worker};
use crate::{Message, Queue, WireTap, backoff::Backoff, wire_tap::Wire};

/// How often it is shown how much is in flight.
const SHOWN: Duration = Duration::from_secs(1);

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its effect is durable: delete it.
    Done,
    /// Not now: let it come again later.
    Retry(String),
    /// Never: to the dead-letter queue, with this reason.
    Quarantine(String),
}

/// A batch as a whole did not succeed; nothing of it took effect, or all of it may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// Something that every message needs is down: all are tried again until it is up.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Some message of it cannot be handled: it will be found by halving, and quarantined.
    #[error("rejected: {0}")]
    Rejected(String),
}

impl From<sqlx::Error> for HandlerError {
    fn from(error: sqlx::Error) -> Self {
        // What would fail again for this message and only for it. Classes: 22 bad data, 23 a broken constraint,
        // 54 a limit of PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html).
        let is_about_the_message = match &error {
            sqlx::Error::Database(error) => {
                error.code().is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class)))
            }
            sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => true,
            _ => false,
        };
        if is_about_the_message { Self::Rejected(error.to_string()) } else { Self::Unavailable(error.to_string()) }
    }
}

/// Handles batches. Must stand to see a message more than once, also at the same time in another process.
pub trait Handler: Send + Sync + 'static {
    /// One outcome for each message, in their order.
    fn handle(&self, batch: &[Message]) -> impl Future<Output = Result<Vec<Outcome>, HandlerError>> + Send;

    /// What becomes of a message where it alone decides that, whatever is down; [`handle`](Self::handle) sees only what
    /// has none. Asked once for each delivery.
    fn outcome_alone(&self, _message: &Message) -> Option<Outcome> {
        None
    }

    /// The kinds of message that there are.
    const TYPES: &'static [&'static str];

    /// What kind of message it is: one of these, or [`UNKNOWN`](crate::message::UNKNOWN). What is counted is counted by it.
    fn type_name(&self, message: &Message) -> &'static str;

    /// The trace that it handles a message in, as 32 hex digits; what is logged of the message bears it.
    fn trace_id(&self, message: &Message) -> Option<String> {
        message.trace.map(TraceParent::trace_id)
    }
}

/// How a consumer consumes.
#[derive(Debug, Clone, Args)]
pub struct ConsumerSettings {
    /// Long polls at a time, for each queue.
    #[arg(long, env, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub receivers: u32,
    /// Batches handled at a time, for each queue.
    #[arg(long, env, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub workers: u32,
    /// Most messages held at a time, for each queue; at least 10 for each receiver.
    #[arg(long, env, default_value_t = 400, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub max_in_flight: u32,
    /// Most messages in a batch.
    #[arg(long, env, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub max_batch: u32,
    /// How long a poll waits for a message, in seconds. A service that stops waits for its polls.
    #[arg(long, env, default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=20))]
    pub receive_wait_seconds: u64,
    /// How long a received message is invisible to others, in seconds; extended while it is being handled.
    #[arg(long, env, default_value_t = 30, value_parser = clap::value_parser!(u64).range(2..=43_200))]
    pub visibility_timeout_seconds: u64,
    /// Longest wait before a message that failed comes again, in seconds.
    #[arg(long, env, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=43_200))]
    pub retry_max_seconds: u64,
    /// How long a batch of which everything is rejected is tried again in place, in seconds; then its messages go back, to come again
    /// in other company.
    #[arg(long, env, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=43_200))]
    pub hold_rejected_seconds: u64,
}

impl ConsumerSettings {
    fn visibility_timeout(&self) -> Duration {
        Duration::from_secs(self.visibility_timeout_seconds)
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(Duration::from_secs(1), Duration::from_secs(self.retry_max_seconds))
    }
}

/// A message on its way through, holding its place among the messages in flight.
struct Delivery {
    message: Message,
    received: Instant,
    _permit: OwnedSemaphorePermit,
}

/// Consumes one queue with one handler.
pub struct Consumer<H> {
    queue: Queue,
    handler: Arc<H>,
    settings: ConsumerSettings,
    wire: Option<Arc<Wire>>,
}

impl<H: Handler> Consumer<H> {
    /// A consumer that does nothing until it is run.
    pub fn new(queue: Queue, handler: Arc<H>, settings: ConsumerSettings) -> Self {
        Self { queue, handler, settings, wire: None }
    }

    /// Shows each message that it settled to this tap.
    #[must_use]
    pub fn tapped(self, tap: &WireTap) -> Self {
        Self { wire: Some(tap.wire(self.queue.name())), ..self }
    }

    /// Consumes until `stop`, then drains. Dropping the future is the hard stop: what was not acknowledged comes
    /// again after its visibility timeout.
    pub async fn run(self, stop: CancellationToken) {
        let settings = &self.settings;
        let in_flight = settings.max_in_flight.max(10 * settings.receivers);
        let permits = Arc::new(Semaphore::new(in_flight as usize));
        let visibility = Arc::new(Visibility::new(self.queue.clone(), settings.visibility_timeout()));
        let (line, waiting) = mpsc::unbounded_channel();
        let waiting = Arc::new(Mutex::new(waiting));

        let mut tasks = JoinSet::new();
        for _ in 0..settings.receivers {
            let receiver = Receiver {
                queue: self.queue.clone(),
                wait: Duration::from_secs(settings.receive_wait_seconds),
                visibility: visibility.clone(),
                permits: permits.clone(),
                handler: self.handler.clone(),
                line: line.clone(),
                backoff: settings.backoff(),
            };
            tasks.spawn(receiver.run(stop.clone()));
        }
        drop(line); // The line ends when the last receiver has ended.
        for _ in 0..settings.workers {
            let worker = Worker {
                handler: self.handler.clone(),
                waiting: waiting.clone(),
                max_batch: settings.max_batch as usize,
                settler: Settler::new(self.queue.clone(), visibility.clone(), settings.backoff(), self.wire.clone()),
                backoff: settings.backoff(),
                hold_rejected: Duration::from_secs(settings.hold_rejected_seconds),
                stop: stop.clone(),
            };
            tasks.spawn(worker.run());
        }
        let (held, queue) = (self.in_flight(in_flight, permits), self.queue.clone());
        let keeper = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(async move {
            tokio::join!(visibility.keep(), held, depth::watch(queue));
        }));
        settle::count_from_zero(self.queue.name(), H::TYPES);
        tracing::info!(queue = self.queue.name(), "consuming");
        while tasks.join_next().await.is_some() {}
        drop(keeper);
        tracing::info!(queue = self.queue.name(), "drained");
    }

    /// Shows how many messages are held, for ever.
    fn in_flight(&self, most: u32, permits: Arc<Semaphore>) -> impl Future<Output = ()> + use<H> {
        let held = metrics::gauge!("dispatch_messages_in_flight", "queue" => self.queue.name().to_owned());
        async move {
            loop {
                held.set(f64::from(most) - permits.available_permits() as f64);
                tokio::time::sleep(SHOWN).await;
            }
        }
    }
}
