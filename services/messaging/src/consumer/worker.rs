//! Takes what waits in the line as one batch, has it handled, and settles each message.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt as _;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use super::{Delivery, Handler, HandlerError, Outcome, settle::Settler};
use crate::{Message, backoff::Backoff};

/// A handler that takes longer hangs on something; its batch is handled again.
const HANDLING: Duration = Duration::from_secs(120);
/// When so many messages are rejected and none is accepted, it is not the messages.
const BRAKE: usize = 10;

pub(super) struct Worker<H> {
    pub(super) handler: Arc<H>,
    pub(super) waiting: Arc<Mutex<mpsc::UnboundedReceiver<Delivery>>>,
    pub(super) max_batch: usize,
    pub(super) settler: Settler,
    pub(super) backoff: Backoff,
    pub(super) stop: CancellationToken,
}

impl<H: Handler> Worker<H> {
    /// Until the line has ended and is empty.
    pub(super) async fn run(self) {
        let mut batch = Vec::with_capacity(self.max_batch);
        loop {
            let taken = self.waiting.lock().await.recv_many(&mut batch, self.max_batch).await;
            if taken == 0 {
                return;
            }
            let (messages, held): (Vec<_>, Vec<_>) =
                batch.drain(..).map(|d| (d.message, (d.received, d._permit))).unzip();
            self.settler.batch_size(taken);
            let outcomes = self.outcomes(&messages).await;
            self.settler.settle(&*self.handler, &messages, outcomes).await;
            for (message, (received, permit)) in messages.iter().zip(held) {
                self.settler.took(message, received.elapsed());
                drop(permit);
            }
        }
    }

    /// Halves what the handler rejects until it accepts, or one message alone is left: that one is the culprit.
    async fn outcomes(&self, batch: &[Message]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(batch.len());
        let (mut parts, mut accepted) = (vec![batch], false);
        while let Some(part) = parts.pop() {
            match self.attempt(part).await {
                Ok(done) => {
                    accepted = true;
                    outcomes.extend(done);
                }
                Err(HandlerError::Rejected(reason)) if part.len() == 1 => outcomes.push(Outcome::Quarantine(reason)),
                Err(HandlerError::Rejected(_)) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]); // The first half is taken next, so the order is kept.
                }
                Err(HandlerError::Unavailable(reason)) => {
                    accepted = true; // Of these nothing is known.
                    outcomes.extend(part.iter().map(|_| Outcome::Retry(reason.clone())));
                }
            }
        }
        if !accepted && batch.len() >= BRAKE {
            tracing::error!(
                queue = self.settler.queue_name(),
                messages = batch.len(),
                "all are rejected; retried later"
            );
            return vec![Outcome::Retry("all messages of the batch were rejected".to_owned()); batch.len()];
        }
        outcomes
    }

    /// Has a part handled. While something is down it is tried again here, with growing pauses: its messages stay
    /// invisible, so an outage of any length costs them no receive, and nothing more is received than is allowed in
    /// flight. Gives up only when the process stops.
    async fn attempt(&self, part: &[Message]) -> Result<Vec<Outcome>, HandlerError> {
        let mut failures = 0;
        loop {
            let reason = match self.handle(part).await {
                Err(HandlerError::Unavailable(reason)) => reason,
                handled_or_rejected => return handled_or_rejected,
            };
            failures += 1;
            let pause = self.backoff.delay(failures);
            tracing::warn!(queue = self.settler.queue_name(), reason, ?pause, "handling failed");
            if self.stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return Err(HandlerError::Unavailable(reason));
            }
        }
    }

    async fn handle(&self, part: &[Message]) -> Result<Vec<Outcome>, HandlerError> {
        let handled = AssertUnwindSafe(tokio::time::timeout(HANDLING, self.handler.handle(part))).catch_unwind().await;
        let outcomes = match handled {
            Ok(Ok(handled)) => handled?,
            Ok(Err(_)) => return Err(HandlerError::Unavailable(format!("not handled within {HANDLING:?}"))),
            Err(_) => return Err(HandlerError::Rejected("the handler panicked".to_owned())),
        };
        if outcomes.len() == part.len() {
            Ok(outcomes)
        } else {
            Err(HandlerError::Rejected(format!("{} outcomes for {} messages", outcomes.len(), part.len())))
        }
    }
}
