//! `dlq` as an operator types it, of a service that has the queues of the test.

use std::io::Cursor;

use anyhow::{Context as _, Result};
use aws_sdk_sqs::types::{Message as SqsMessage, QueueAttributeName};
use clap::{Arg, Command};
use messaging::dead_letters::{Console, Dlq, Ended};
use serde_json::Value;
use test_support::{
    Servers, TestQueue, eventually,
    queues::{Depth, depth},
};
use tokio_util::sync::CancellationToken;

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) ended: Ended,
    pub(crate) results: String,
    pub(crate) notes: String,
}

impl Said {
    /// Each line of the result as JSON.
    pub(crate) fn json(&self) -> Result<Vec<Value>> {
        self.results.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }
}

/// Runs `dlq ARGUMENTS` where nobody can be asked.
pub(crate) async fn dlq(servers: &Servers, queues: &[&TestQueue], arguments: &[&str]) -> Result<Said> {
    dlq_at(servers, queues, arguments, None, &CancellationToken::new()).await
}

/// Runs `dlq ARGUMENTS` at a terminal where somebody types this.
pub(crate) async fn dlq_at(
    servers: &Servers,
    queues: &[&TestQueue],
    arguments: &[&str],
    typed: Option<&str>,
    stop: &CancellationToken,
) -> Result<Said> {
    let settings = ["first_queue", "second_queue"];
    // What a service cannot do without, and this can.
    let mut service = Command::new("service").arg(Arg::new("database_url").long("database-url").required(true));
    for (setting, queue) in settings.into_iter().zip(queues) {
        let name: &str = queue.name.clone().leak(); // clap wants it for ever.
        service = service.arg(Arg::new(setting).long(setting).default_value(name));
    }
    let endpoint = ["--aws-endpoint-url", &servers.aws_endpoint, "--aws-region", "eu-west-2"];
    let line = ["service", "dlq"].iter().chain(arguments).chain(&endpoint);
    let arguments = Dlq::add_to(service).try_get_matches_from(line)?;
    let dlq = Dlq::asked(&arguments, &settings[..queues.len()])?.context("it is about dead letters")?;
    let (mut results, mut notes) = (Vec::new(), Vec::new());
    let typed = typed.map(|typed| Box::new(Cursor::new(typed.to_owned())) as _);
    let ended = dlq.run_at(Console::new(&mut results, &mut notes, typed), stop).await?;
    Ok(Said { ended, results: String::from_utf8(results)?, notes: String::from_utf8(notes)? })
}

/// How much is in the dead-letter queue.
pub(crate) async fn dead(queue: &TestQueue) -> Result<Depth> {
    depth(&queue.sqs, &queue.dlq_url).await
}

/// So many dead letters, and nobody holds one.
pub(crate) const fn undisturbed(visible: u32) -> Depth {
    Depth { visible, ..Depth::EMPTY }
}

/// Waits until there are so many dead letters.
pub(crate) async fn dies(queue: &TestQueue, letters: u32) -> Result<()> {
    let what = format!("{letters} dead letters of {}", queue.name);
    eventually(&what, || async { Ok((dead(queue).await? == undisturbed(letters)).then_some(())) }).await
}

/// Has SQS itself move a message to the dead-letter queue, as one that nobody ever deletes; answers what it was.
pub(crate) async fn dies_of_receives(queue: &TestQueue, body: &str) -> Result<SqsMessage> {
    queue.send(&[body.to_owned()]).await?;
    let arn = queue.arn().await?;
    let policy = serde_json::json!({"deadLetterTargetArn": format!("{arn}-dlq"), "maxReceiveCount": 1}).to_string();
    let change = queue.sqs.set_queue_attributes().queue_url(&queue.url);
    change.attributes(QueueAttributeName::RedrivePolicy, policy).send().await?;
    let letters = dead(queue).await?.visible + 1;
    let receive = || {
        let call = queue.sqs.receive_message().queue_url(&queue.url).visibility_timeout(0);
        call.message_system_attribute_names("All".into()).send()
    };
    let message = receive().await?.messages.unwrap_or_default().pop().context("a message")?;
    eventually("SQS has moved it", || async {
        receive().await?; // SQS moves a message when it would have to give it once too often.
        Ok((dead(queue).await? == undisturbed(letters)).then_some(()))
    })
    .await?;
    Ok(message)
}
