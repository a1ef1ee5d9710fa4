//! Takes what waits in the line as one batch, has it handled, and settles each message. What a message alone decides is
//! settled beside that: it neither waits for what the others need, nor says that they can be handled.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt as _;
use tokio::{
    sync::{Mutex, mpsc},
    time::Instant,
};
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
    pub(super) hold_rejected: Duration,
    pub(super) stop: CancellationToken,
}

/// How a batch was handled, in halves where it had to be.
struct Halved {
    /// One for each message, in their order.
    outcomes: Vec<Outcome>,
    /// The positions of those that were rejected alone.
    rejected: Vec<usize>,
    /// How many of these before any other took effect, where one did. What everything is rejected for may have passed in
    /// between, so they are tried once more.
    in_doubt: Option<usize>,
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
            self.settler.batch_size(taken);
            let (mut alone, mut known, mut others) = (Vec::new(), Vec::new(), Vec::with_capacity(taken));
            for delivery in batch.drain(..) {
                match self.outcome_alone(&delivery.message) {
                    Some(outcome) => {
                        alone.push(delivery);
                        known.push(outcome);
                    }
                    None => others.push(delivery),
                }
            }
            tokio::join!(
                self.settle(alone, async |_: &[Message]| known),
                self.settle(others, async |messages: &[Message]| self.outcomes(messages).await),
            );
        }
    }

    /// Settles messages as they turn out.
    async fn settle(&self, deliveries: Vec<Delivery>, outcomes: impl AsyncFnOnce(&[Message]) -> Vec<Outcome>) {
        if deliveries.is_empty() {
            return;
        }
        let (messages, held): (Vec<_>, Vec<_>) =
            deliveries.into_iter().map(|d| (d.message, (d.received, d._permit))).unzip();
        let outcomes = outcomes(&messages).await;
        self.settler.settle(&*self.handler, &messages, outcomes).await;
        for (message, (received, permit)) in messages.iter().zip(held) {
            self.settler.took(message, received.elapsed());
            drop(permit);
        }
    }

    /// Where a handler panics it will do so again when it handles the message, and is found there.
    fn outcome_alone(&self, message: &Message) -> Option<Outcome> {
        std::panic::catch_unwind(AssertUnwindSafe(|| self.handler.outcome_alone(message))).ok().flatten()
    }

    /// What becomes of each message. Where so many are rejected and none is accepted that it is not the messages, all are
    /// tried again here for a while, which costs them no receive. Then they go back, for it may be the messages after all: beside one
    /// that is accepted they are found out, and nobody is held up by them meanwhile.
    async fn outcomes(&self, batch: &[Message]) -> Vec<Outcome> {
        let (mut failures, began) = (0, Instant::now());
        loop {
            let Halved { mut outcomes, rejected, in_doubt } = self.halved(batch).await;
            if let Some(in_doubt) = in_doubt {
                for &position in &rejected[..in_doubt] {
                    outcomes[position] = self.alone(&batch[position..=position]).await;
                }
                return outcomes;
            }
            if rejected.len() < BRAKE {
                return outcomes;
            }
            failures += 1;
            let pause = self.backoff.delay(failures);
            let queue = self.settler.queue_name();
            // A reason may quote what is in a message.
            let reason = rejected.first().map(|position| &outcomes[*position]);
            tracing::debug!(queue, ?reason, "the first that is rejected");
            tracing::error!(queue, messages = batch.len(), ?pause, "all are rejected");
            let stopped = self.stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none();
            if stopped || began.elapsed() > self.hold_rejected {
                return vec![Outcome::Retry("all messages of the batch were rejected".to_owned()); batch.len()];
            }
        }
    }

    /// Halves what the handler rejects until it accepts, or one message alone is left: that one is the culprit.
    async fn halved(&self, batch: &[Message]) -> Halved {
        let mut outcomes = Vec::with_capacity(batch.len());
        let (mut parts, mut rejected, mut in_doubt) = (vec![batch], Vec::new(), None);
        while let Some(part) = parts.pop() {
            match self.attempt(part).await {
                Ok(handled) => {
                    if in_doubt.is_none() && handled.contains(&Outcome::Done) {
                        in_doubt = Some(rejected.len());
                    }
                    outcomes.extend(handled);
                }
                Err(HandlerError::Rejected(reason)) if part.len() == 1 => {
                    rejected.push(outcomes.len());
                    outcomes.push(Outcome::Quarantine(reason));
                }
                Err(HandlerError::Rejected(_)) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]); // The first half is taken next, so the order is kept.
                }
                Err(HandlerError::Unavailable(reason)) if in_doubt.is_none() => {
                    // The process stops before it is known whether it was the messages.
                    return Halved {
                        outcomes: vec![Outcome::Retry(reason); batch.len()],
                        rejected: Vec::new(),
                        in_doubt,
                    };
                }
                Err(HandlerError::Unavailable(reason)) => {
                    outcomes.extend(part.iter().map(|_| Outcome::Retry(reason.clone())));
                }
            }
        }
        Halved { outcomes, rejected, in_doubt }
    }

    async fn alone(&self, message: &[Message]) -> Outcome {
        match self.attempt(message).await {
            Ok(handled) => handled.into_iter().next().unwrap_or_else(|| Outcome::Retry("no outcome".to_owned())),
            Err(HandlerError::Rejected(reason)) => Outcome::Quarantine(reason),
            Err(HandlerError::Unavailable(reason)) => Outcome::Retry(reason),
        }
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
