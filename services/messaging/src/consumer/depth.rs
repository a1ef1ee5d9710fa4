//! Shows how much lies in a queue and in its dead-letter queue, for whoever looks at metrics alone.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;

use crate::{Queue, queue::Calls};

/// How often to ask. SQS's numbers are approximate, and some seconds old.
const INTERVAL: Duration = Duration::from_secs(15);

/// Asks for ever. While SQS does not answer, the last numbers stand.
pub(super) async fn watch(queue: Queue) {
    let of_queue = [
        (Name::ApproximateNumberOfMessages, "visible"),
        (Name::ApproximateNumberOfMessagesNotVisible, "in_flight"),
        (Name::ApproximateNumberOfMessagesDelayed, "delayed"),
    ];
    loop {
        for (state, messages) in ask(queue.calls(), &of_queue).await {
            metrics::gauge!("dispatch_queue_messages", "queue" => queue.name().to_owned(), "state" => state)
                .set(messages);
        }
        for (_, messages) in ask(queue.dead_letters(), &of_queue[..1]).await {
            metrics::gauge!("dispatch_dead_letters", "queue" => queue.name().to_owned()).set(messages);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn ask(calls: &Calls, asked: &[(Name, &'static str)]) -> Vec<(&'static str, f64)> {
    let names: Vec<Name> = asked.iter().map(|(name, _)| name.clone()).collect();
    match calls.attributes(&names).await {
        Ok(answer) => {
            let number = |(name, state): &(Name, &'static str)| Some((*state, answer.get(name)?.parse().ok()?));
            asked.iter().filter_map(number).collect()
        }
        Err(error) => {
            tracing::debug!(%error, "the queue cannot be measured");
            Vec::new()
        }
    }
}
