//! A queue of a test's own, subscribed to a topic with raw delivery: what the topic says of one zone, or of some orders.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use test_support::{Servers, TestQueue, eventually};
use uuid::Uuid;

use crate::{Bus, events};

/// Orders that one wait is for.
const PART: usize = 100;

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its body.
    pub event: Value,
    /// Its string attributes.
    pub attributes: BTreeMap<String, String>,
}

impl Received {
    /// The order that it is about, if any.
    #[must_use]
    pub fn order(&self) -> Option<Uuid> {
        self.event["orderId"].as_str().and_then(|id| id.parse().ok())
    }
}

/// The queue, and all that has come.
pub struct Inbox {
    queue: TestQueue,
    received: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The ids that SQS gave: a redelivery is the same message, a second publication is another one.
    ids: BTreeSet<String>,
    messages: Vec<Received>,
}

impl Inbox {
    /// Subscribes to what is published from now on with this in its body: a filter policy of SNS.
    ///
    /// # Errors
    /// SNS or SQS does not answer.
    pub async fn subscribe(servers: &Servers, bus: &Bus, topic: &str, filter: &Value) -> Result<Self> {
        let queue = TestQueue::create(servers).await?;
        let call = bus.sns.subscribe().topic_arn(topic).protocol("sqs").endpoint(queue.arn().await?);
        call.attributes("RawMessageDelivery", "true")
            .attributes("FilterPolicyScope", "MessageBody")
            .attributes("FilterPolicy", filter.to_string())
            .send()
            .await?;
        Ok(Self { queue, received: Mutex::default() })
    }

    /// Waits until enough has come, and answers all that has.
    ///
    /// # Errors
    /// SQS does not answer, not enough comes in time, or something comes that is not JSON.
    pub async fn until(&self, what: &str, enough: impl Fn(&[Received]) -> bool) -> Result<Vec<Received>> {
        let enough = &enough;
        eventually(what, || async move {
            for message in self.queue.take().await? {
                let attributes = message.message_attributes.unwrap_or_default();
                let received = Received {
                    event: serde_json::from_str(&message.body.unwrap_or_default())?,
                    attributes: attributes.into_iter().filter_map(|(n, a)| Some((n, a.string_value?))).collect(),
                };
                let mut seen = self.seen();
                if seen.ids.insert(message.message_id.context("an id")?) {
                    seen.messages.push(received);
                }
            }
            let seen = self.seen();
            Ok(enough(&seen.messages).then(|| seen.messages.clone()))
        })
        .await
    }

    /// Waits until something of each of the orders has come, and answers all that has come, by order. Of many orders it waits for
    /// one part after the other: what matters is that it goes on, however slow the machine is.
    ///
    /// # Errors
    /// As [`Inbox::until`], for a part.
    pub async fn until_orders(&self, what: &str, orders: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Received>>> {
        let wanted: BTreeSet<&Uuid> = orders.iter().collect();
        let mut come = 0;
        while come < wanted.len() {
            let next = wanted.len().min(come + PART);
            let all = self.until(&format!("{what}: {next}"), |all| count(all, &wanted) >= next).await?;
            come = count(&all, &wanted);
        }
        let mut by_order: BTreeMap<Uuid, Vec<Received>> = BTreeMap::new();
        for received in self.until(what, |_| true).await? {
            if let Some(order) = received.order() {
                by_order.entry(order).or_default().push(received);
            }
        }
        Ok(by_order)
    }

    /// Waits until as many events of each of these types have come, and answers all that has come.
    ///
    /// # Errors
    /// As [`Inbox::until`].
    pub async fn until_types(&self, what: &str, types: &[(&str, usize)]) -> Result<Vec<Received>> {
        let come = |all: &[Received], kind: &str| all.iter().filter(|received| received.event["type"] == kind).count();
        self.until(what, |all| types.iter().all(|(kind, times)| come(all, kind) >= *times)).await
    }

    /// Waits until so many decisions about an order have come, and answers all that have: type, courier and cause, in the
    /// order of their times.
    ///
    /// # Errors
    /// As [`Inbox::until`].
    pub async fn decisions_about(&self, order: Uuid, count: usize) -> Result<Vec<Value>> {
        let about = |all: &[Received]| all.iter().filter(|received| received.order() == Some(order)).count();
        let all = self.until(&format!("{count} decisions about {order}"), |all| about(all) >= count).await?;
        let mut ours: Vec<_> = all.into_iter().filter(|received| received.order() == Some(order)).collect();
        ours.sort_by_key(|received| events::occurred_at(&received.event));
        Ok(ours
            .iter()
            .map(|Received { event, .. }| json!([event["type"], event["courierId"], event["cause"]]))
            .collect())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many of the orders something has come of.
fn count(all: &[Received], wanted: &BTreeSet<&Uuid>) -> usize {
    all.iter().filter_map(Received::order).filter(|order| wanted.contains(order)).collect::<BTreeSet<_>>().len()
}
