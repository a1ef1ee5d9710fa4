//! The SNS publisher: `PublishBatch`, within its limits, with every entry's answer read.

use std::time::{Duration, Instant};

use aws_sdk_sns::{
    operation::publish_batch::PublishBatchOutput,
    types::{MessageAttributeValue, PublishBatchRequestEntry},
};

use crate::{Clients, describe};

/// What SNS takes in one `PublishBatch`.
const BATCH: usize = 10;
/// SNS takes 256 KiB for all entries together, attributes included; some of it is left for those.
const BATCH_BYTES: usize = 240 * 1024;
/// How long after the beginning of a batch another of its messages is still tried alone. With that and one call more the relay's
/// transaction ends before PostgreSQL takes its owner for dead, after 60 s.
const ONE_BY_ONE: Duration = Duration::from_secs(15);

/// One message to publish.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where to.
    pub topic_arn: String,
    /// The payload, JSON.
    pub payload: String,
    /// String attributes, by name.
    pub attributes: Vec<(&'static str, String)>,
}

/// A call that published nothing, as far as is known.
struct Refused {
    reason: String,
    /// SNS answered, and said no; else it did not answer.
    by_sns: bool,
}

/// Publishes to SNS.
#[derive(Debug, Clone)]
pub struct Publisher {
    sns: aws_sdk_sns::Client,
}

impl Publisher {
    /// Publishes with these clients.
    #[must_use]
    pub fn new(clients: &Clients) -> Self {
        Self { sns: clients.sns.clone() }
    }

    /// Splits messages into runs that one `PublishBatch` takes: of one topic, within count and size.
    #[must_use]
    pub fn batches(messages: &[Outgoing]) -> Vec<std::ops::Range<usize>> {
        let mut batches = Vec::new();
        let (mut start, mut bytes) = (0, 0);
        for (position, message) in messages.iter().enumerate() {
            let full = position - start == BATCH
                || bytes + message.payload.len() > BATCH_BYTES
                || message.topic_arn != messages[start].topic_arn;
            if position > start && full {
                batches.push(start..position);
                (start, bytes) = (position, 0);
            }
            bytes += message.payload.len();
        }
        if start < messages.len() {
            batches.push(start..messages.len());
        }
        batches
    }

    /// Publishes one run of [`Publisher::batches`]; the answer has one entry for each message, in their order. What SNS
    /// refuses as a whole is published one by one, so that one bad message does not hold up its neighbours.
    pub async fn publish(&self, batch: &[Outgoing]) -> Vec<Result<(), String>> {
        let begun = Instant::now();
        match self.publish_batch(batch).await {
            Ok(results) => results,
            Err(Refused { by_sns: true, .. }) if batch.len() > 1 => {
                let mut results = Vec::with_capacity(batch.len());
                for message in batch.chunks(1) {
                    if begun.elapsed() > ONE_BY_ONE {
                        results.push(Err("not tried, since SNS took too long with those before".to_owned()));
                        continue;
                    }
                    let published = self.publish_batch(message).await;
                    results.extend(published.unwrap_or_else(|refused| vec![Err(refused.reason)]));
                }
                results
            }
            Err(refused) => vec![Err(refused.reason); batch.len()],
        }
    }

    async fn publish_batch(&self, batch: &[Outgoing]) -> Result<Vec<Result<(), String>>, Refused> {
        let entries = batch.iter().enumerate().map(|(position, message)| entry(position, message)).collect();
        let entries = Result::<Vec<_>, String>::map_err(entries, |reason| Refused { reason, by_sns: false })?;
        let Some(topic_arn) = batch.first().map(|message| message.topic_arn.as_str()) else { return Ok(Vec::new()) };
        let call = self.sns.publish_batch().topic_arn(topic_arn).set_publish_batch_request_entries(Some(entries));
        let answer = call
            .send()
            .await
            .map_err(|error| Refused { reason: describe(&error), by_sns: error.as_service_error().is_some() })?;
        Ok(results_of(&answer, batch.len()))
    }
}

/// What became of each entry. Only what is listed as successful was published.
fn results_of(answer: &PublishBatchOutput, entries: usize) -> Vec<Result<(), String>> {
    let mut results = vec![Err("no answer for this entry".to_owned()); entries];
    for failure in answer.failed() {
        if let Some(result) = failure.id().parse::<usize>().ok().and_then(|p| results.get_mut(p)) {
            *result = Err(format!("{}: {}", failure.code(), failure.message().unwrap_or_default()));
        }
    }
    for success in answer.successful() {
        let position = success.id().and_then(|id| id.parse::<usize>().ok());
        if let Some(result) = position.and_then(|p| results.get_mut(p)) {
            *result = Ok(());
        }
    }
    results
}

/// Reads a topic's ARN; for `#[arg(value_parser = ...)]`. A wrong one would show only with the first event.
///
/// # Errors
/// It is none.
pub fn topic_arn(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        ["arn", partition, "sns", region, account, name]
            if ![partition, region, account, name].into_iter().any(|part| part.is_empty()) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("must be a topic's ARN such as arn:aws:sns:eu-west-2:123450000001:events-topic".to_owned()),
    }
}

fn entry(position: usize, message: &Outgoing) -> Result<PublishBatchRequestEntry, String> {
    let mut entry = PublishBatchRequestEntry::builder().id(position.to_string()).message(&message.payload);
    for (name, value) in &message.attributes {
        let attribute = MessageAttributeValue::builder().data_type("String").string_value(value).build();
        entry = entry.message_attributes(*name, attribute.map_err(|e| e.to_string())?);
    }
    entry.build().map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str, bytes: usize) -> Outgoing {
        Outgoing { topic_arn: topic.to_owned(), payload: "x".repeat(bytes), attributes: Vec::new() }
    }

    #[test]
    fn a_batch_has_one_topic_ten_entries_and_a_size() {
        let many = vec![message("a", 1); 23];
        assert_eq!(Publisher::batches(&many), [0..10, 10..20, 20..23]);
        let topics = [message("a", 1), message("b", 1), message("b", 1)];
        assert_eq!(Publisher::batches(&topics), [0..1, 1..3]);
        let large = vec![message("a", 100 * 1024); 3];
        assert_eq!(Publisher::batches(&large), [0..2, 2..3]);
        assert!(Publisher::batches(&[]).is_empty());
    }

    #[test]
    fn an_arn_names_a_topic() {
        assert!(topic_arn("arn:aws:sns:eu-west-2:123450000001:events-topic").is_ok());
        for bad in
            ["", "events-topic", "arn:aws:sqs:eu-west-2:123450000001:q", "arn:aws:sns:eu-west-2::t", "arn:aws:sns:::"]
        {
            assert!(topic_arn(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_entry_is_published_only_if_sns_says_so() -> Result<(), aws_sdk_sns::error::BuildError> {
        use aws_sdk_sns::types::{BatchResultErrorEntry, PublishBatchResultEntry};

        let failed = BatchResultErrorEntry::builder().id("0").code("Throttled").message("later").sender_fault(false);
        let answer = PublishBatchOutput::builder()
            .failed(failed.build()?)
            .successful(PublishBatchResultEntry::builder().id("2").message_id("m").build())
            .build();
        let unanswered = Err("no answer for this entry".to_owned());
        assert_eq!(results_of(&answer, 3), [Err("Throttled: later".to_owned()), unanswered, Ok(())]);
        Ok(())
    }
}
