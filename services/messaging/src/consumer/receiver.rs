//! One long poll after the other, as there are permits for what it may bring.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use tokio::{
    sync::{Semaphore, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{Delivery, Handler, visibility::Visibility};
use crate::{Message, Queue, backoff::Backoff, queue::BATCH};

pub(super) struct Receiver<H> {
    pub(super) handler: Arc<H>,
    pub(super) queue: Queue,
    pub(super) wait: Duration,
    pub(super) visibility: Arc<Visibility>,
    pub(super) permits: Arc<Semaphore>,
    pub(super) line: mpsc::UnboundedSender<Delivery>,
    pub(super) backoff: Backoff,
}

impl<H: Handler> Receiver<H> {
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            // What holds a receiver back ends with `stop`; a poll under way does not.
            let permits = self.permits.clone().acquire_many_owned(BATCH as u32);
            let Some(Ok(mut permits)) = stop.run_until_cancelled(permits).await else { return };
            match self.queue.receive(self.wait, self.visibility.timeout()).await {
                Ok(messages) => {
                    failures = 0;
                    let received = Instant::now();
                    for mut message in messages {
                        self.visibility.track(&message.receipt);
                        message.type_name = self.handler.type_name(&message);
                        self.count(&message);
                        let Some(permit) = permits.split(1) else { break };
                        if self.line.send(Delivery { message, received, _permit: permit }).is_err() {
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

    fn count(&self, message: &Message) {
        let queue = self.queue.name().to_owned();
        let age = (Utc::now() - message.sent_at).to_std().unwrap_or_default();
        metrics::histogram!("dispatch_message_age_seconds", "queue" => queue.clone()).record(age.as_secs_f64());
        metrics::counter!("dispatch_messages_received_total", "queue" => queue, "type" => message.type_name)
            .increment(1);
    }
}
