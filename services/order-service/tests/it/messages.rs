//! What passed through the queues of the real binary, as the other services ask for it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use dispatch_contracts::{
    grpc::{ListMessagesRequest, MessageOutcome, message_service_client::MessageServiceClient},
    id::CourierId,
};
use lookup::{Messages, MessagesError};
use messaging::{Outcome, PassedMessage};
use serde_json::json;
use test_support::eventually;
use tonic::{Code, transport::Endpoint};
use trace::TraceParent;
use uuid::Uuid;

use crate::support::{World, injected, order_id};

const PATIENCE: Duration = Duration::from_secs(15);

/// Waits until so many have passed.
async fn passed(messages: &Messages, queue: &str, count: usize) -> Result<Vec<PassedMessage>> {
    eventually(&format!("{count} have passed through {queue}"), || async {
        // A look that takes too long is given up, by design.
        let listed = match messages.list(queue, 100, TraceParent::start()).await {
            Err(MessagesError::NoAnswer(_)) => return Ok(None),
            listed => listed?,
        };
        Ok((listed.len() == count).then_some(listed))
    })
    .await
}

#[tokio::test]
async fn what_passed_is_shown_as_it_came_by_every_instance() -> Result<()> {
    let world = World::create().await?;
    let instances = [world.start(&[]).await?, world.start(&[]).await?];
    let (order, courier) = (order_id(), CourierId::from(Uuid::new_v4()));
    let (good, bad) = (injected(order, "Buy"), r#"{"orderId":"x","details":"y"}"#.to_owned());
    let assigned = json!({
        "type": "OrderAssigned", "orderId": order, "courierId": courier, "zone": "S",
        "assignedAt": "2026-01-01T00:00:00Z", "eventId": Uuid::new_v4(),
    });
    world.events.send(&[good.clone(), bad.clone()]).await?;
    world.assignments.send(&[assigned.to_string()]).await?;

    let endpoint = |url: &str| Endpoint::from_shared(url.to_owned());
    let both = [&instances[0], &instances[1]].map(|instance| endpoint(&instance.grpc));
    let [first, second] =
        both.map(|address| Ok::<_, anyhow::Error>(Messages::new("order-service", &address?, PATIENCE)));
    let (first, second) = (first?, second?);
    let events = passed(&first, &world.events.name, 2).await?;
    assert_eq!(second.list(&world.events.name, 100, TraceParent::start()).await?, events);
    let of = |body: &str| events.iter().find(|message| message.body == body).context("it passed");
    assert_eq!((of(&good)?.kind.as_str(), &of(&good)?.outcome), ("AddOrder", &Outcome::Done));
    let Outcome::Quarantine(reason) = &of(&bad)?.outcome else { anyhow::bail!("{events:?}") };
    assert!(reason.contains("orderId"), "{reason}");
    assert!(of(&good)?.passed_by.starts_with("order-service:"), "{events:?}");

    let assignments = passed(&second, &world.assignments.name, 1).await?;
    assert_eq!((assignments[0].body.as_str(), assignments[0].kind.as_str()), (&*assigned.to_string(), "OrderAssigned"));
    let one = first.list(&world.events.name, 1, TraceParent::start()).await?;
    assert_eq!(one, events[..1]);
    let dead = format!("{}-dlq", world.events.name);
    assert_eq!(first.list(&dead, 1, TraceParent::start()).await, Err(MessagesError::UnknownQueue));
    for instance in instances {
        instance.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_list_has_fifty_unless_asked_and_a_hundred_at_most() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let mut client = MessageServiceClient::connect(service.grpc.clone()).await?;
    let request = |page_size| ListMessagesRequest { queue: world.events.name.clone(), page_size };
    let messages = Messages::new("order-service", &Endpoint::from_shared(service.grpc.clone())?, PATIENCE);
    // In parts that there is room for, so that none is passed over.
    for part in 1..=4 {
        let orders: Vec<_> = (0..30).map(|_| injected(order_id(), "Buy")).collect();
        world.events.send(&orders).await?;
        passed(&messages, &world.events.name, (30 * part).min(100)).await?;
        eventually("all of the part have passed", || async {
            let mut newest = match messages.list(&world.events.name, 1, TraceParent::start()).await {
                Err(MessagesError::NoAnswer(_)) => return Ok(None),
                newest => newest?,
            };
            Ok(newest.pop().filter(|newest| newest.number == 30 * part as u64))
        })
        .await?;
    }
    for (page_size, expected) in [(0, 50), (1, 1), (100, 100)] {
        let listed = client.list_messages(request(page_size)).await?.into_inner().messages;
        assert_eq!(listed.len(), expected);
        let numbers: Vec<_> = listed.iter().map(|message| message.number).collect();
        assert_eq!(numbers, (121 - expected as u64..=120).rev().collect::<Vec<_>>());
        assert!(listed.iter().all(|message| message.outcome() == MessageOutcome::Done && message.skipped_after == 0));
    }
    let refused = client.list_messages(request(101)).await.err().context("a refusal")?;
    assert_eq!(refused.code(), Code::InvalidArgument);
    let refused = client.list_messages(ListMessagesRequest::default()).await.err().context("a refusal")?;
    assert_eq!(refused.code(), Code::NotFound);
    drop(client);
    service.stop().await
}
