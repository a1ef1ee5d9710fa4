//! A topic of a test's own.

use anyhow::{Context as _, Result};
use aws_sdk_sns::Client;

use crate::{Servers, TestQueue, unique};

/// An SNS topic.
#[derive(Debug, Clone)]
pub struct TestTopic {
    sns: Client,
    /// Its ARN.
    pub arn: String,
}

impl TestTopic {
    /// Makes one.
    ///
    /// # Errors
    /// SNS does not answer.
    pub async fn create(servers: &Servers) -> Result<Self> {
        let sns = Client::new(&servers.aws().await);
        let created = sns.create_topic().name(unique::name("test")).send().await?;
        Ok(Self { sns, arn: created.topic_arn.context("no ARN")? })
    }

    /// Subscribes a queue, with raw delivery or with the SNS envelope.
    ///
    /// # Errors
    /// SNS does not answer.
    pub async fn subscribe(&self, queue: &TestQueue, raw: bool) -> Result<()> {
        let call = self.sns.subscribe().topic_arn(&self.arn).protocol("sqs").endpoint(queue.arn().await?);
        call.attributes("RawMessageDelivery", raw.to_string()).send().await?;
        Ok(())
    }

    /// Publishes as the plain aws CLI does: a message, no attributes.
    ///
    /// # Errors
    /// SNS does not answer.
    pub async fn publish(&self, message: &str) -> Result<()> {
        self.sns.publish().topic_arn(&self.arn).message(message).send().await?;
        Ok(())
    }
}
