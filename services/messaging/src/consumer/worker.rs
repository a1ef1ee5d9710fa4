//! Takes what waits in the line as one batch, has it handled, and settles each message.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt as _;
use tokio::sync::{Mutex, mpsc};

use super::{Delivery, Handler, HandlerError, Outcome, gate::Gate, settle::Settler};
use crate::{Message, backoff::Backoff};

pub(super) struct Worker<H> {
    pub(super) handler: Arc<H>,
    pub(super) waiting: Arc<Mutex<mpsc::UnboundedReceiver<Delivery>>>,
    pub(super) max_batch: usize,
    pub(super) settler: Settler,
    pub(super) gate: Arc<Gate>,
    pub(super) backoff: Backoff,
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
            let (messages, permits): (Vec<_>, Vec<_>) = batch.drain(..).map(|d| (d.message, d._permit)).unzip();
            let outcomes = self.outcomes(&messages).await;
            self.settler.settle(&messages, outcomes).await;
            drop(permits);
        }
    }

    /// Halves what the handler rejects until it accepts, or one message alone is left: that one is the culprit.
    async fn outcomes(&self, batch: &[Message]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            match self.attempt(part).await {
                Ok(done) => {
                    self.gate.succeeded();
                    outcomes.extend(done);
                }
                Err(HandlerError::Rejected(reason)) if part.len() == 1 => outcomes.push(Outcome::Quarantine(reason)),
                Err(HandlerError::Rejected(_)) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]); // The first half is taken next, so the order is kept.
                }
                Err(HandlerError::Unavailable(reason)) => {
                    let pause = self.gate.failed(self.backoff);
                    tracing::warn!(queue = self.settler.queue_name(), reason, ?pause, "handling failed");
                    outcomes.extend(part.iter().map(|_| Outcome::Retry(reason.clone())));
                }
            }
        }
        outcomes
    }

    async fn attempt(&self, part: &[Message]) -> Result<Vec<Outcome>, HandlerError> {
        let handled = AssertUnwindSafe(self.handler.handle(part)).catch_unwind().await;
        let outcomes = handled.unwrap_or_else(|_| Err(HandlerError::Rejected("the handler panicked".to_owned())))?;
        if outcomes.len() == part.len() {
            Ok(outcomes)
        } else {
            Err(HandlerError::Rejected(format!("{} outcomes for {} messages", outcomes.len(), part.len())))
        }
    }
}
