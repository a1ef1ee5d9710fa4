//! Shows how much lies in a queue and in its dead-letter queue, for whoever looks at metrics alone.

use std::time::Duration;

use crate::{
    Queue,
    queue::{Depth, QueueError},
};

/// How often to ask. SQS's numbers are approximate, and some seconds old.
const INTERVAL: Duration = Duration::from_secs(15);

/// Asks for ever. While SQS does not answer, the last numbers stand.
pub(super) async fn watch(queue: Queue) {
    let (mut own, mut dead_letters) = (Measured::default(), Measured::default());
    loop {
        if let Some(Depth { visible, in_flight, delayed }) = own.known(queue.depth().await) {
            for (state, messages) in [("visible", visible), ("in_flight", in_flight), ("delayed", delayed)] {
                metrics::gauge!("dispatch_queue_messages", "queue" => queue.name().to_owned(), "state" => state)
                    .set(messages as f64);
            }
        }
        if let Some(depth) = dead_letters.known(queue.dead_letters_depth().await) {
            // A letter that somebody looks at is invisible for a while, and still waits for somebody to do something.
            metrics::gauge!("dispatch_dead_letters", "queue" => queue.name().to_owned()).set(depth.total() as f64);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Whether one queue could be measured the last time.
#[derive(Default)]
struct Measured {
    failed: bool,
}

impl Measured {
    /// Warns of the first failure in a row: without the permission to ask there are no numbers, and nothing else would say why.
    fn known(&mut self, depth: Result<Depth, QueueError>) -> Option<Depth> {
        let had_failed = std::mem::replace(&mut self.failed, depth.is_err());
        depth
            .inspect_err(|error| {
                if had_failed {
                    tracing::debug!(%error, "the queue still cannot be measured");
                } else {
                    tracing::warn!(%error, "the queue cannot be measured");
                }
            })
            .ok()
    }
}
