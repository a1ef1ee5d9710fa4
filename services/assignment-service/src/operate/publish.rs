//! `replay --publish`: a part of the log is published again, as it was, for a consumer that lost its data.
//!
//! Only committed lines are read, up to where the log is settled when it begins. Assignments are our own decisions; what the
//! log only consumed goes to one queue, never to a topic, where it would reach everybody.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use dispatch_contracts::{id::OrderId, zone::Zone};
use futures::{StreamExt as _, stream};
use messaging::{
    AwsSettings, Clients, Publisher, Queue,
    backoff::Backoff,
    publisher::{Outgoing, topic_arn},
};
use tokio_util::sync::CancellationToken;
use trace::TraceParent;

use super::{Ended, OperateError};
use crate::facts::{Facts, Kind, ReplayFilter, Replayed};

/// Lines read at a time.
const STEP: i64 = 400;
/// Calls under way at a time.
const CONCURRENT_CALLS: usize = 4;
const ATTEMPTS: u32 = 6;
const RETRY: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));

/// Which part of the log, and where to.
#[derive(Debug, Args)]
pub(super) struct Publish {
    /// With --publish: what was recorded at this time or later.
    #[arg(long, value_name = "TIME", required_if_eq("publish", "true"), conflicts_with = "verify")]
    from: Option<DateTime<Utc>>,
    /// With --publish: what was recorded before this time.
    #[arg(long, value_name = "TIME", required_if_eq("publish", "true"), conflicts_with = "verify")]
    to: Option<DateTime<Utc>>,
    /// Only what is about orders or couriers of this zone.
    #[arg(long, conflicts_with = "verify")]
    zone: Option<Zone>,
    /// Only what is about this order.
    #[arg(long, value_name = "ORDER_ID", conflicts_with = "verify")]
    order: Option<OrderId>,
    /// Assignments, or the events that the log consumed; these only with --queue.
    #[arg(long, value_enum, default_value = "assignments", requires_if("events", "queue"), conflicts_with = "verify")]
    what: What,
    /// Send to this queue alone instead of the topic.
    #[arg(long, value_name = "NAME", conflicts_with = "verify")]
    queue: Option<String>,
    /// Where assignments are published.
    #[arg(long, env, default_value = "arn:aws:sns:eu-west-2:123450000001:assignment-topic", value_parser = topic_arn)]
    assignment_topic_arn: String,
    #[command(flatten)]
    pub(super) aws: AwsSettings,
}

/// What to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Assignments,
    Events,
}

/// Where to.
enum Destination {
    Topic(Publisher),
    Queue(Queue),
}

/// A line was refused again and again.
#[derive(Debug, thiserror::Error)]
#[error("line {seq} of the log cannot be published: {reason}; go on with --after {after}")]
pub struct PublishError {
    seq: i64,
    after: i64,
    reason: String,
}

impl Publish {
    pub(super) async fn run(
        &self,
        facts: &Facts,
        clients: &Clients,
        after: Option<&str>,
        stop: &CancellationToken,
    ) -> Result<Ended, OperateError> {
        let mut after = match after {
            Some(text) => text.parse().map_err(|_| OperateError::After(text.to_owned()))?,
            None => 0,
        };
        let destination = match &self.queue {
            Some(name) => Destination::Queue(Queue::find(clients, name).await?),
            None => Destination::Topic(Publisher::new(clients)),
        };
        let filter = self.filter(facts.settled_up_to().await?);
        let mut published = 0;
        loop {
            let lines = facts.replayed(&filter, after, STEP).await?;
            let Some(last) = lines.last() else { break };
            let last = last.seq;
            self.publish(&destination, &lines, after).await?;
            (after, published) = (last, published + lines.len());
            eprintln!("{published} published, up to line {after}");
            if stop.is_cancelled() {
                eprintln!("ended; go on with --after {after}");
                return Ok(Ended::Stopped);
            }
        }
        println!("{published} published");
        Ok(Ended::Well)
    }

    fn filter(&self, up_to: i64) -> ReplayFilter {
        ReplayFilter {
            kind: match self.what {
                What::Assignments => Kind::Decided,
                What::Events => Kind::Consumed,
            },
            // Both are required where this is reached.
            from: self.from.unwrap_or_default(),
            to: self.to.unwrap_or_default(),
            zone: self.zone.clone(),
            order_id: self.order,
            up_to,
        }
    }

    /// Publishes lines, each until it is taken; some of them perhaps twice.
    async fn publish(&self, to: &Destination, lines: &[Replayed], after: i64) -> Result<(), PublishError> {
        let mut left: Vec<(i64, Outgoing)> = lines.iter().map(|line| (line.seq, self.outgoing(line))).collect();
        for attempt in 1.. {
            let outgoing: Vec<Outgoing> = left.iter().map(|(_, outgoing)| outgoing.clone()).collect();
            let calls = Publisher::batches(&outgoing).into_iter().map(|run| to.send(&outgoing[run]));
            let calls: Vec<_> = calls.collect();
            let answers: Vec<_> = stream::iter(calls).buffered(CONCURRENT_CALLS).collect().await;
            let refused =
                answers.into_iter().flatten().zip(left).filter_map(|(answer, line)| Some((answer.err()?, line)));
            let refused: Vec<_> = refused.collect();
            let Some((reason, (seq, _))) = refused.first() else { break };
            if attempt == ATTEMPTS {
                return Err(PublishError { seq: *seq, after, reason: reason.clone() });
            }
            left = refused.into_iter().map(|(_, line)| line).collect();
            tokio::time::sleep(RETRY.delay(attempt)).await;
        }
        Ok(())
    }

    fn outgoing(&self, line: &Replayed) -> Outgoing {
        Outgoing {
            topic_arn: self.assignment_topic_arn.clone(),
            payload: line.event.to_json(),
            attributes: vec![
                ("eventType", line.event.payload.type_name().to_owned()),
                ("eventId", line.event_id.to_string()),
                ("traceparent", TraceParent::start().to_string()),
                ("replayed", "true".to_owned()),
            ],
        }
    }
}

impl Destination {
    async fn send(&self, batch: &[Outgoing]) -> Vec<Result<(), String>> {
        match self {
            Self::Topic(publisher) => publisher.publish(batch).await,
            Self::Queue(queue) => queue.deliver(batch).await,
        }
    }
}
