//! SNS and SQS, as somebody outside of Dispatch uses them.

use anyhow::{Context as _, Result, ensure};
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use test_support::Servers;

/// The topic of all events.
pub const EVENTS_TOPIC: &str = "arn:aws:sns:eu-west-2:123450000001:events-topic";
/// The topic of decisions.
pub const ASSIGNMENT_TOPIC: &str = "arn:aws:sns:eu-west-2:123450000001:assignment-topic";

/// The topics of a system.
#[derive(Debug, Clone)]
pub struct Topics {
    /// Of all events.
    pub events: String,
    /// Of decisions.
    pub decisions: String,
}

impl Default for Topics {
    /// Those of the system that all tests share.
    fn default() -> Self {
        Self { events: EVENTS_TOPIC.to_owned(), decisions: ASSIGNMENT_TOPIC.to_owned() }
    }
}

/// What one batch call takes.
const BATCH: usize = 10;
/// Batch calls under way at a time.
const CONCURRENT_CALLS: usize = 16;

/// Clients of SNS and SQS.
#[derive(Debug, Clone)]
pub struct Bus {
    /// SNS.
    pub sns: aws_sdk_sns::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
}

impl Bus {
    /// Clients; they connect when used.
    pub async fn new(servers: &Servers) -> Self {
        let config = servers.aws().await;
        Self { sns: aws_sdk_sns::Client::new(&config), sqs: aws_sdk_sqs::Client::new(&config) }
    }

    /// Publishes a message with string attributes.
    ///
    /// # Errors
    /// SNS does not answer, or refuses.
    pub async fn publish(&self, topic: &str, body: &str, attributes: &[(&str, &str)]) -> Result<()> {
        let mut call = self.sns.publish().topic_arn(topic).message(body);
        for (name, value) in attributes {
            let attribute = MessageAttributeValue::builder().data_type("String").string_value(*value).build()?;
            call = call.message_attributes(*name, attribute);
        }
        call.send().await?;
        Ok(())
    }

    /// Publishes messages by `PublishBatch`, many calls at a time.
    ///
    /// # Errors
    /// SNS does not answer, or refuses an entry.
    pub async fn publish_all(&self, topic: &str, bodies: &[String]) -> Result<()> {
        let calls = bodies.chunks(BATCH).map(|chunk| async move {
            let entries = chunk.iter().enumerate().map(|(position, body)| {
                PublishBatchRequestEntry::builder().id(position.to_string()).message(body).build()
            });
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let call = self.sns.publish_batch().topic_arn(topic).set_publish_batch_request_entries(Some(entries));
            let answer = call.send().await?;
            ensure!(answer.failed().is_empty(), "not published: {:?}", answer.failed());
            Ok(())
        });
        let calls: Vec<_> = calls.collect();
        stream::iter(calls).buffer_unordered(CONCURRENT_CALLS).try_collect().await
    }

    /// Puts a message into a queue, past SNS; it cannot be received before the delay is over.
    ///
    /// # Errors
    /// SQS does not answer, or refuses.
    pub async fn send(&self, queue: &str, body: &str, delay_seconds: i32) -> Result<()> {
        let url = self.url(queue).await?;
        self.sqs.send_message().queue_url(url).message_body(body).delay_seconds(delay_seconds).send().await?;
        Ok(())
    }

    /// Puts messages into a queue, past SNS, many calls at a time.
    ///
    /// # Errors
    /// SQS does not answer, or refuses an entry.
    pub async fn send_all(&self, queue: &str, bodies: &[String]) -> Result<()> {
        let url = &self.url(queue).await?;
        let calls = bodies.chunks(BATCH).map(|chunk| async move {
            let entries = chunk.iter().enumerate().map(|(position, body)| {
                SendMessageBatchRequestEntry::builder().id(position.to_string()).message_body(body).build()
            });
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let answer = self.sqs.send_message_batch().queue_url(url).set_entries(Some(entries)).send().await?;
            ensure!(answer.failed().is_empty(), "not sent: {:?}", answer.failed());
            Ok(())
        });
        let calls: Vec<_> = calls.collect();
        stream::iter(calls).buffer_unordered(CONCURRENT_CALLS).try_collect().await
    }

    /// The URL of a queue.
    ///
    /// # Errors
    /// There is none of this name, or SQS does not answer.
    pub async fn url(&self, queue: &str) -> Result<String> {
        let found = self.sqs.get_queue_url().queue_name(queue).send().await.with_context(|| queue.to_owned())?;
        found.queue_url.context("no URL")
    }
}
