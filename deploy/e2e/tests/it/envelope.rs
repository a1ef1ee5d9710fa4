//! Messages in the envelope that SNS puts around them for whoever subscribes without raw delivery.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use e2e::{World, events, queues};
use serde_json::Value;
use test_support::{TestQueue, TestTopic, eventually};
use uuid::Uuid;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// What SNS itself makes of a message.
async fn wrapped(world: &World, topic: &TestTopic, queue: &TestQueue, event: &Value) -> Result<String> {
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    world.bus.publish(&topic.arn, &event.to_string(), &[("traceparent", &traceparent)]).await?;
    let text = &event.to_string();
    let message = eventually("the envelope", || async {
        // Those that came before are not visible now, and have another text.
        let wraps = |body: &String| {
            serde_json::from_str::<Value>(body).is_ok_and(|envelope| envelope["Message"].as_str() == Some(text))
        };
        Ok(queue.take().await?.into_iter().filter_map(|message| message.body).find(wraps))
    })
    .await?;
    let envelope: Value = serde_json::from_str(&message)?;
    assert_eq!(
        (envelope["Type"].as_str(), envelope["TopicArn"].as_str()),
        (Some("Notification"), Some(topic.arn.as_str()))
    );
    Ok(message)
}

#[tokio::test]
async fn an_event_in_the_sns_envelope_is_understood() -> Result<()> {
    let world = World::new().await?;
    let decisions = world.decisions().await?;
    let (topic, queue) = (TestTopic::create(&world.servers).await?, TestQueue::create(&world.servers).await?);
    topic.subscribe(&queue, false).await?;
    let (courier, order) = (Uuid::new_v4(), Uuid::new_v4());

    let arrival = wrapped(&world, &topic, &queue, &events::courier(courier, &world.zone, true)).await?;
    for queue in [queues::EVENTS, queues::COURIER_EVENTS] {
        world.bus.send(queue, &arrival, 0).await?;
    }
    world.available(1).await?;
    let message = wrapped(&world, &topic, &queue, &events::order(order, &world.zone)).await?;
    for queue in [queues::EVENTS, queues::ORDER_EVENTS] {
        world.bus.send(queue, &message, 0).await?;
    }
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    world.registered(courier).await?;
    let shown = world.couriers().list(&format!("/couriers?zone={}", world.zone)).await?;
    assert_eq!(shown.len(), 1, "{shown:?}");

    // The attributes within the envelope are read, too: the decision is in the trace of its order.
    let published = decisions.until_orders("the decision", &[order]).await?;
    let decision = published[&order].first().context("a decision")?;
    let trace = decision.attributes["traceparent"].split('-').nth(1);
    assert_eq!(trace, Some(TRACE));

    // A decision in an envelope is what it was before.
    let again = wrapped(&world, &topic, &queue, &decision.event).await?;
    for queue in [queues::ASSIGNMENTS, queues::ORDER_ASSIGNMENTS] {
        world.bus.send(queue, &again, 0).await?;
    }
    queues::handled(&world.bus, &queues::QUEUES).await?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    world.nothing_dead().await
}

/// The time of sending that counts is the one in the envelope.
#[tokio::test]
async fn news_in_an_envelope_is_as_old_as_the_envelope() -> Result<()> {
    let world = World::new().await?;
    let (topic, queue) = (TestTopic::create(&world.servers).await?, TestQueue::create(&world.servers).await?);
    topic.subscribe(&queue, false).await?;
    let courier = world.publish_courier(1).await?;
    let mut envelope: Value =
        serde_json::from_str(&wrapped(&world, &topic, &queue, &events::courier(courier, &world.zone, false)).await?)?;
    for (sent, is_available) in [(DateTime::UNIX_EPOCH, true), (Utc::now(), false)] {
        envelope["Timestamp"] = events::time(sent).into();
        envelope["MessageId"] = Uuid::new_v4().to_string().into();
        for queue in [queues::EVENTS, queues::COURIER_EVENTS] {
            world.bus.send(queue, &envelope.to_string(), 0).await?;
        }
        queues::handled(&world.bus, &[queues::EVENTS, queues::COURIER_EVENTS]).await?;
        let shown = world.couriers().get(&format!("/couriers/{courier}")).await?.expect(200)?;
        assert_eq!(shown["isAvailable"], is_available);
        world.availability(courier, is_available).await?;
    }
    world.nothing_dead().await
}
