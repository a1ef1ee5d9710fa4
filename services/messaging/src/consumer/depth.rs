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
    loop {
        if let Some(Depth { visible, in_flight, delayed }) = known(queue.depth().await) {
            for (state, messages) in [("visible", visible), ("in_flight", in_flight), ("delayed", delayed)] {
                metrics::gauge!("dispatch_queue_messages", "queue" => queue.name().to_owned(), "state" => state)
                    .set(messages as f64);
            }
        }
        if let Some(Depth { visible, .. }) = known(queue.dead_letters_depth().await) {
            metrics::gauge!("dispatch_dead_letters", "queue" => queue.name().to_owned()).set(visible as f64);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

fn known(depth: Result<Depth, QueueError>) -> Option<Depth> {
    depth.inspect_err(|error| tracing::debug!(%error, "the queue cannot be measured")).ok()
}
