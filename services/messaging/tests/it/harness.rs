//! A consumer on a queue of the test's own, with a handler that does what the test says.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use clap::Parser;
use messaging::{AwsSettings, Clients, Consumer, ConsumerSettings, Handler, HandlerError, Message, Outcome, Queue};
use test_support::{Servers, TestQueue};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Bodies that alone decide what becomes of them.
pub(crate) const POISON: &str = "poison";
pub(crate) const NOT_MINDED: &str = "not minded";

/// What to do with one batch.
pub(crate) type Behaviour = dyn Fn(&Log, &[Message]) -> Result<Vec<Outcome>, HandlerError> + Send + Sync;

/// What the handler saw.
#[derive(Default)]
pub(crate) struct Log {
    bodies: Mutex<BTreeMap<String, u32>>,
    batches: Mutex<Vec<usize>>,
}

impl Log {
    /// How often each body was handled.
    pub(crate) fn bodies(&self) -> BTreeMap<String, u32> {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn times(&self, body: &str) -> u32 {
        self.bodies().get(body).copied().unwrap_or(0)
    }

    pub(crate) fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(crate) struct Scripted {
    log: Arc<Log>,
    behaviour: Box<Behaviour>,
    /// The handler waits for this before it answers.
    gate: CancellationToken,
}

impl Handler for Scripted {
    const TYPES: &'static [&'static str] = &["scripted"];

    async fn handle(&self, batch: &[Message]) -> Result<Vec<Outcome>, HandlerError> {
        self.log.batches.lock().unwrap_or_else(PoisonError::into_inner).push(batch.len());
        for message in batch {
            *self.log.bodies.lock().unwrap_or_else(PoisonError::into_inner).entry(message.body.clone()).or_default() +=
                1;
        }
        self.gate.cancelled().await;
        (self.behaviour)(&self.log, batch)
    }

    fn outcome_alone(&self, message: &Message) -> Option<Outcome> {
        match message.body.as_str() {
            POISON => Some(Outcome::Quarantine("poison".into())),
            NOT_MINDED => Some(Outcome::Done),
            _ => None,
        }
    }

    fn type_name(&self, _: &Message) -> &'static str {
        "scripted"
    }
}

/// A running consumer.
pub(crate) struct Running {
    pub(crate) log: Arc<Log>,
    pub(crate) stop: CancellationToken,
    /// Opens the handler's gate.
    pub(crate) gate: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

impl Running {
    /// Told to stop, drained.
    pub(crate) async fn drain(self) -> Result<()> {
        self.stop.cancel();
        Ok(self.task.await?)
    }
}

#[derive(Parser)]
struct Defaults {
    #[command(flatten)]
    consumer: ConsumerSettings,
}

/// Short polls. What is held is hidden for so long that a busy machine extends it in time, so each message comes once.
pub(crate) fn settings() -> ConsumerSettings {
    let defaults = Defaults::parse_from(["test"]).consumer;
    ConsumerSettings { receive_wait_seconds: 1, visibility_timeout_seconds: 30, retry_max_seconds: 1, ..defaults }
}

pub(crate) async fn clients(servers: &Servers) -> Clients {
    let settings = AwsSettings { aws_region: "eu-west-2".into(), aws_endpoint_url: Some(servers.aws_endpoint.clone()) };
    Clients::load(&settings).await
}

/// Starts a consumer whose gate is closed.
pub(crate) async fn start(
    servers: &Servers,
    queue: &TestQueue,
    settings: ConsumerSettings,
    behaviour: impl Fn(&Log, &[Message]) -> Result<Vec<Outcome>, HandlerError> + Send + Sync + 'static,
) -> Result<Running> {
    start_with(servers, queue, settings, behaviour, |consumer| consumer).await
}

/// Starts a consumer whose gate is closed, as it is after the last touch.
pub(crate) async fn start_with(
    servers: &Servers,
    queue: &TestQueue,
    settings: ConsumerSettings,
    behaviour: impl Fn(&Log, &[Message]) -> Result<Vec<Outcome>, HandlerError> + Send + Sync + 'static,
    last_touch: impl FnOnce(Consumer<Scripted>) -> Consumer<Scripted>,
) -> Result<Running> {
    let queue = Queue::find(&clients(servers).await, &queue.name).await?;
    let (log, stop, gate) = (Arc::new(Log::default()), CancellationToken::new(), CancellationToken::new());
    let handler = Scripted { log: log.clone(), behaviour: Box::new(behaviour), gate: gate.clone() };
    let consumer = last_touch(Consumer::new(queue, Arc::new(handler), settings));
    Ok(Running { log, gate, task: tokio::spawn(consumer.run(stop.clone())), stop })
}

/// Starts a consumer whose gate is open.
pub(crate) async fn start_open(
    servers: &Servers,
    queue: &TestQueue,
    behaviour: impl Fn(&Log, &[Message]) -> Result<Vec<Outcome>, HandlerError> + Send + Sync + 'static,
) -> Result<Running> {
    let running = start(servers, queue, settings(), behaviour).await?;
    running.gate.cancel();
    Ok(running)
}

pub(crate) fn done(batch: &[Message]) -> Result<Vec<Outcome>, HandlerError> {
    Ok(vec![Outcome::Done; batch.len()])
}
