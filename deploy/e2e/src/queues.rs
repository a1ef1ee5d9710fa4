//! The system's own queues: how much is in them, and what is dead. Tests share them, so nobody takes anything out.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, Message, QueueAttributeName as Attribute};
use test_support::wait::used_up;
use tokio::sync::Mutex;

use crate::Bus;

/// Where assignment-service gets events.
pub const EVENTS: &str = "events-queue";
/// Where order-service gets orders.
pub const ORDER_EVENTS: &str = "order-events-queue";
/// Where courier-service gets couriers.
pub const COURIER_EVENTS: &str = "courier-events-queue";
/// Where order-service gets decisions.
pub const ORDER_ASSIGNMENTS: &str = "order-assignment-queue";
/// Where courier-service gets decisions.
pub const ASSIGNMENTS: &str = "assignment-queue";
/// All of them.
pub const QUEUES: [&str; 5] = [EVENTS, ORDER_EVENTS, COURIER_EVENTS, ORDER_ASSIGNMENTS, ASSIGNMENTS];

/// Longer than it takes to look through a dead-letter queue.
const LOOK_SECONDS: i32 = 60;

/// Two that look at the same time would hide messages from each other.
static LOOKING: Mutex<()> = Mutex::const_new(());

/// A message in a dead-letter queue.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// The queue that it was in before.
    pub queue: &'static str,
    /// Its body.
    pub body: String,
    /// Its string attributes.
    pub attributes: BTreeMap<String, String>,
}

/// Waits until all that lies in these queues now has been handled: each queue has been empty at a moment since, with
/// nothing delayed and nothing in a consumer's hands. However much others bring meanwhile, as long as some of it is handled.
///
/// # Errors
/// A queue is not empty and does not become smaller in time, or SQS does not answer.
pub async fn handled(bus: &Bus, queues: &[&str]) -> Result<()> {
    for queue in queues {
        let url = &bus.url(queue).await?;
        used_up(&format!("what is in {queue}"), || size(bus, url)).await?;
    }
    Ok(())
}

/// Everything in a queue, by one call: between two, a message could pass from one count into another.
async fn size(bus: &Bus, url: &str) -> Result<u64> {
    let counts = [
        Attribute::ApproximateNumberOfMessages,
        Attribute::ApproximateNumberOfMessagesNotVisible,
        Attribute::ApproximateNumberOfMessagesDelayed,
    ];
    let call = bus.sqs.get_queue_attributes().queue_url(url).set_attribute_names(Some(counts.to_vec()));
    let attributes = call.send().await?.attributes.unwrap_or_default();
    counts.iter().map(|count| Ok(attributes.get(count).context("no count")?.parse::<u64>()?)).sum()
}

/// The dead letters that mention a text, such as a zone or an id. They stay where they are.
///
/// # Errors
/// SQS does not answer.
pub async fn dead_letters(bus: &Bus, mentioned: &str) -> Result<Vec<DeadLetter>> {
    let _alone = LOOKING.lock().await;
    let mut found = Vec::new();
    for queue in QUEUES {
        let url = bus.url(&format!("{queue}-dlq")).await?;
        let (letters, receipts) = look_through(bus, &url).await?;
        show_again(bus, &url, &receipts).await?;
        let letters = letters.into_iter().map(|message| {
            let attributes = message.message_attributes.unwrap_or_default();
            let attributes = attributes.into_iter().filter_map(|(name, value)| Some((name, value.string_value?)));
            DeadLetter { queue, body: message.body.unwrap_or_default(), attributes: attributes.collect() }
        });
        found.extend(letters.filter(|letter| letter.body.contains(mentioned)));
    }
    Ok(found)
}

async fn look_through(bus: &Bus, url: &str) -> Result<(Vec<Message>, Vec<String>)> {
    let (mut letters, mut receipts) = (Vec::new(), Vec::new());
    loop {
        let call = bus.sqs.receive_message().queue_url(url).max_number_of_messages(10).wait_time_seconds(0);
        let call = call.visibility_timeout(LOOK_SECONDS).message_attribute_names("All");
        let received = call.send().await?.messages.unwrap_or_default();
        if received.is_empty() {
            return Ok((letters, receipts));
        }
        receipts.extend(received.iter().filter_map(|message| message.receipt_handle.clone()));
        letters.extend(received);
    }
}

async fn show_again(bus: &Bus, url: &str, receipts: &[String]) -> Result<()> {
    for chunk in receipts.chunks(10) {
        let entries = chunk.iter().enumerate().map(|(position, receipt)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(position.to_string());
            entry.receipt_handle(receipt).visibility_timeout(0).build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let answer = bus.sqs.change_message_visibility_batch().queue_url(url).set_entries(Some(entries)).send().await?;
        ensure!(answer.failed().is_empty(), "{url}: {:?}", answer.failed());
    }
    Ok(())
}
