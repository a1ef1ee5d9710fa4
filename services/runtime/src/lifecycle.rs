//! From start to stop: tasks run until a signal, then drain in two steps within a grace period.
//!
//! First the ways in stop (servers, consumers) and finish what they took; then the ways out (relays) send what that
//! produced. When a task ends by itself the process stops too and says so: half a service helps nobody.

use std::{convert::Infallible, fmt::Display, future::Future, sync::Arc, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::Health;

/// Why a process did not end well.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// A task ended without being told to.
    #[error("{0} ended by itself: {1}")]
    Ended(&'static str, String),
    /// The grace period was over before everything had drained.
    #[error("not drained within {0:?}; what was under way will be repeated")]
    Grace(Duration),
    /// Signals cannot be listened to.
    #[error("cannot listen to signals")]
    Signals(#[source] std::io::Error),
}

type Ended = (&'static str, Result<(), String>);

/// The tasks of a process.
pub struct Lifecycle {
    health: Arc<Health>,
    grace: Duration,
    stop_ways_in: CancellationToken,
    stop_ways_out: CancellationToken,
    ways_in: JoinSet<Ended>,
    ways_out: JoinSet<Ended>,
}

impl Lifecycle {
    /// No tasks yet.
    #[must_use]
    pub fn new(health: Arc<Health>, grace: Duration) -> Self {
        Self {
            health,
            grace,
            stop_ways_in: CancellationToken::new(),
            stop_ways_out: CancellationToken::new(),
            ways_in: JoinSet::new(),
            ways_out: JoinSet::new(),
        }
    }

    /// Starts a task that brings work in; it must end soon after its token is cancelled.
    pub fn way_in<F, E>(&mut self, name: &'static str, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + 'static,
    {
        self.ways_in.spawn(named(name, task(self.stop_ways_in.clone())));
    }

    /// Starts a task that sends results out; it is told to stop when all ways in have ended.
    pub fn way_out<F, E>(&mut self, name: &'static str, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + 'static,
    {
        self.ways_out.spawn(named(name, task(self.stop_ways_out.clone())));
    }

    /// Runs until `stop` is cancelled or a task ends, then drains.
    ///
    /// # Errors
    /// A task ended by itself, or draining took longer than the grace period; then all tasks have been dropped.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), LifecycleError> {
        let early = tokio::select! {
            () = stop.cancelled() => None,
            Some(ended) = self.ways_in.join_next() => Some(ended),
            Some(ended) = self.ways_out.join_next() => Some(ended),
        };
        self.health.stopping();
        tracing::info!(grace = ?self.grace, "stopping");
        let grace = self.grace;
        tokio::time::timeout(grace, self.drain()).await.map_err(|_| LifecycleError::Grace(grace))?;
        match early {
            None => Ok(()),
            Some(Ok((name, result))) => {
                Err(LifecycleError::Ended(name, result.err().unwrap_or_else(|| "without an error".to_owned())))
            }
            Some(Err(error)) => Err(LifecycleError::Ended("a task", error.to_string())),
        }
    }

    async fn drain(&mut self) {
        self.stop_ways_in.cancel();
        while let Some(ended) = self.ways_in.join_next().await {
            report(ended);
        }
        self.stop_ways_out.cancel();
        while let Some(ended) = self.ways_out.join_next().await {
            report(ended);
        }
    }
}

/// A task that cannot fail, as [`Lifecycle::way_in`] and [`Lifecycle::way_out`] take it.
///
/// # Errors
/// None.
pub async fn infallible(task: impl Future<Output = ()>) -> Result<(), Infallible> {
    task.await;
    Ok(())
}

async fn named<F, E>(name: &'static str, task: F) -> Ended
where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    (name, task.await.map_err(|error| error.to_string()))
}

fn report(ended: Result<Ended, tokio::task::JoinError>) {
    match ended {
        Ok((name, Err(error))) => tracing::error!(task = name, error, "ended badly"),
        Err(error) => tracing::error!(%error, "a task broke off"),
        Ok((_, Ok(()))) => {}
    }
}

/// A token that SIGTERM or SIGINT cancels.
///
/// # Errors
/// The signals cannot be listened to.
pub fn stop_on_signal() -> Result<CancellationToken, LifecycleError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(LifecycleError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(LifecycleError::Signals)?;
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        cancel.cancel();
    });
    Ok(stop)
}
