//! Queues of a test's own, with a dead-letter queue as the topology gives every queue one.

use std::{cell::RefCell, collections::BTreeMap};

use anyhow::{Context as _, Result};
use aws_sdk_sqs::{
    Client,
    types::{Message, QueueAttributeName as Attribute, SendMessageBatchRequestEntry},
};

use crate::{Servers, unique, wait::eventually};

/// A queue and its dead-letter queue.
#[derive(Debug, Clone)]
pub struct TestQueue {
    /// SQS.
    pub sqs: Client,
    /// The queue's name; its dead-letter queue's has `-dlq` behind it.
    pub name: String,
    /// The queue's URL.
    pub url: String,
    /// Its dead-letter queue's URL.
    pub dlq_url: String,
}

/// What lies in a queue, by its own counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// To be received.
    pub visible: u32,
    /// Received and not yet deleted.
    pub in_flight: u32,
    /// Not yet visible.
    pub delayed: u32,
}

impl Depth {
    /// Nothing at all.
    pub const EMPTY: Self = Self { visible: 0, in_flight: 0, delayed: 0 };
}

impl TestQueue {
    /// Makes both queues.
    ///
    /// # Errors
    /// SQS does not answer.
    pub async fn create(servers: &Servers) -> Result<Self> {
        let sqs = Client::new(&servers.aws().await);
        let name = unique::name("test");
        let dlq = sqs.create_queue().queue_name(format!("{name}-dlq")).send().await?;
        let dlq_url = dlq.queue_url.context("no URL")?;
        let arn = attribute(&sqs, &dlq_url, Attribute::QueueArn).await?;
        let redrive = serde_json::json!({"deadLetterTargetArn": arn, "maxReceiveCount": 100}).to_string();
        let created = sqs.create_queue().queue_name(&name).attributes(Attribute::RedrivePolicy, redrive).send().await?;
        Ok(Self { url: created.queue_url.context("no URL")?, sqs, name, dlq_url })
    }

    /// Sends bodies, in batches.
    ///
    /// # Errors
    /// SQS does not answer, or refused an entry.
    pub async fn send(&self, bodies: &[String]) -> Result<()> {
        for chunk in bodies.chunks(10) {
            let entries = chunk.iter().enumerate().map(|(position, body)| {
                SendMessageBatchRequestEntry::builder().id(position.to_string()).message_body(body).build()
            });
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let sent = self.sqs.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await?;
            anyhow::ensure!(sent.failed().is_empty(), "not sent: {:?}", sent.failed());
        }
        Ok(())
    }

    /// How much is in the queue.
    ///
    /// # Errors
    /// SQS does not answer.
    pub async fn depth(&self) -> Result<Depth> {
        depth(&self.sqs, &self.url).await
    }

    /// Waits until nothing is left in the queue, also nothing in flight.
    ///
    /// # Errors
    /// It does not become empty in time.
    pub async fn drained(&self) -> Result<()> {
        let what = format!("{} is empty", self.name);
        eventually(&what, || async { Ok((self.depth().await? == Depth::EMPTY).then_some(())) }).await
    }

    /// Its ARN, for subscriptions.
    ///
    /// # Errors
    /// SQS does not answer.
    pub async fn arn(&self) -> Result<String> {
        attribute(&self.sqs, &self.url, Attribute::QueueArn).await
    }

    /// Takes what lies in the queue now.
    ///
    /// # Errors
    /// SQS does not answer.
    pub async fn take(&self) -> Result<Vec<Message>> {
        take(&self.sqs, &self.url).await
    }

    /// Takes messages until there are so many. Told apart by SQS's ids: a queue may hand one message out twice.
    ///
    /// # Errors
    /// SQS does not answer, or there are not so many in time.
    pub async fn take_at_least(&self, count: usize) -> Result<Vec<Message>> {
        let all = RefCell::new(BTreeMap::new());
        eventually(&format!("{count} messages are in {}", self.name), || async {
            for message in self.take().await? {
                all.borrow_mut().insert(message.message_id.clone().context("no id")?, message);
            }
            Ok((all.borrow().len() >= count).then_some(()))
        })
        .await?;
        Ok(all.into_inner().into_values().collect())
    }

    /// Takes what lies in the dead-letter queue now.
    ///
    /// # Errors
    /// SQS does not answer.
    pub async fn dead_letters(&self) -> Result<Vec<Message>> {
        take(&self.sqs, &self.dlq_url).await
    }
}

/// Hides what it takes for as long as SQS can: what is taken later is something else.
async fn take(sqs: &Client, url: &str) -> Result<Vec<Message>> {
    let mut all = Vec::new();
    loop {
        let call = sqs.receive_message().queue_url(url).max_number_of_messages(10).visibility_timeout(43_200);
        let received = call.message_attribute_names("All").send().await?.messages.unwrap_or_default();
        if received.is_empty() {
            return Ok(all);
        }
        all.extend(received);
    }
}

/// How much is in any queue, as of one moment.
///
/// # Errors
/// SQS does not answer.
pub async fn depth(sqs: &Client, url: &str) -> Result<Depth> {
    // One call: a message that moves from one count to another between two calls would be in neither.
    let answer = sqs.get_queue_attributes().queue_url(url).attribute_names(Attribute::All).send().await?;
    let attributes = answer.attributes().context("no attributes")?;
    let count = |name: Attribute| anyhow::Ok(attributes.get(&name).with_context(|| format!("no {name}"))?.parse()?);
    Ok(Depth {
        visible: count(Attribute::ApproximateNumberOfMessages)?,
        in_flight: count(Attribute::ApproximateNumberOfMessagesNotVisible)?,
        delayed: count(Attribute::ApproximateNumberOfMessagesDelayed)?,
    })
}

async fn attribute(sqs: &Client, url: &str, name: Attribute) -> Result<String> {
    let answer = sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await?;
    let value = answer.attributes().and_then(|all| all.get(&name)).cloned();
    value.with_context(|| format!("{url} has no {name}"))
}
