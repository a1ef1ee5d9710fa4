//! One long poll after the other, as there are permits for what it may bring.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::{Delivery, visibility::Visibility};
use crate::{Queue, backoff::Backoff, queue::BATCH};

pub(super) struct Receiver {
    pub(super) queue: Queue,
    pub(super) wait: Duration,
    pub(super) visibility: Arc<Visibility>,
    pub(super) permits: Arc<Semaphore>,
    pub(super) line: mpsc::UnboundedSender<Delivery>,
    pub(super) backoff: Backoff,
}

impl Receiver {
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            // What holds a receiver back ends with `stop`; a poll under way does not.
            let permits = self.permits.clone().acquire_many_owned(BATCH as u32);
            let Some(Ok(mut permits)) = stop.run_until_cancelled(permits).await else { return };
            match self.queue.receive(self.wait, self.visibility.timeout()).await {
                Ok(messages) => {
                    failures = 0;
                    metrics::counter!("messages_received_total", "queue" => self.queue.name().to_owned())
                        .increment(messages.len() as u64);
                    for message in messages {
                        self.visibility.track(&message.receipt);
                        let Some(permit) = permits.split(1) else { break };
                        if self.line.send(Delivery { message, _permit: permit }).is_err() {
                            return;
                        }
                    }
                }
                Err(error) => {
                    failures += 1;
                    let pause = self.backoff.delay(failures);
                    tracing::warn!(queue = self.queue.name(), %error, ?pause, "receiving failed");
                    if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                        return;
                    }
                }
            }
        }
    }
}
