//! News of a courier that arrives late. That it changed nothing is asked once it has been handled: it is in the log of
//! assignment-service, and the queue of courier-service has been empty since.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use e2e::{World, events, queues};
use serde_json::{Value, json};
use test_support::{eventually, unique};
use uuid::Uuid;

/// Where news of couriers goes.
const QUEUES: [&str; 2] = [queues::EVENTS, queues::COURIER_EVENTS];

/// News with a time of its own.
fn news(courier: Uuid, zone: &str, is_available: bool, occurred_at: DateTime<Utc>) -> Value {
    let mut event = events::courier(courier, zone, is_available);
    event["occurredAt"] = json!(events::time(occurred_at));
    event
}

/// Waits until courier-service and assignment-service both have a courier like this.
async fn shown(world: &World, courier: Uuid, is_available: bool, zone: &str) -> Result<()> {
    eventually(&format!("{courier} in {zone}, available: {is_available}"), || async {
        let answer = world.couriers().get(&format!("/couriers/{courier}")).await?;
        let shown = if answer.status == 404 { return Ok(None) } else { answer.expect(200)? };
        let load = world.load(courier).await?;
        let same = (&shown["isAvailable"], &shown["zone"]) == (&json!(is_available), &json!(zone))
            && load.is_some_and(|load| load.is_available == is_available && load.zone == zone);
        Ok(same.then_some(()))
    })
    .await
}

/// Waits until all news so far has been handled, and demands that the courier is as they were.
async fn unchanged(world: &World, courier: Uuid, news: usize, is_available: bool, updated_at: &Value) -> Result<()> {
    world.news_taken_in(courier, news).await?;
    queues::handled(&world.bus, &[queues::COURIER_EVENTS]).await?;
    let shown = world.couriers().get(&format!("/couriers/{courier}")).await?.expect(200)?;
    assert_eq!(
        (&shown["isAvailable"], &shown["zone"], &shown["name"], &shown["updatedAt"]),
        (&json!(is_available), &json!(world.zone), &json!("first_courirer"), updated_at)
    );
    let load = world.load(courier).await?;
    assert!(load.as_ref().is_some_and(|l| l.is_available == is_available && l.zone == world.zone), "{load:?}");
    let available = world.available(u64::from(is_available)).await?;
    assert!(available.iter().all(|(who, _)| *who == courier), "{available:?}");
    Ok(())
}

#[tokio::test]
async fn news_that_happened_earlier_changes_nothing_when_it_arrives_late() -> Result<()> {
    let world = World::new().await?;
    let (courier, now, elsewhere) = (Uuid::new_v4(), Utc::now(), unique::name("e2e"));
    let earlier = |seconds| now - TimeDelta::seconds(seconds);
    world.publish(&news(courier, &world.zone, true, now)).await?;
    shown(&world, courier, true, &world.zone).await?;
    world.publish(&news(courier, &world.zone, false, earlier(1))).await?;
    world.publish(&news(courier, &elsewhere, true, earlier(3600))).await?;
    // The same moment in another offset is the same moment, and a nanosecond is none.
    let mut same = news(courier, &world.zone, false, now);
    same["occurredAt"] = json!((now - TimeDelta::microseconds(1)).to_rfc3339().replace("+00:00", "-00:00"));
    world.publish(&same).await?;
    unchanged(&world, courier, 4, true, &json!(events::time(now))).await?;
    assert!(world.zone(&elsewhere).await?.is_none_or(|zone| zone.available_couriers == 0));
    let order = world.publish_order().await?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);

    // The other way round: away, and older news that they are there.
    let later = now + TimeDelta::microseconds(1);
    world.publish(&news(courier, &world.zone, false, later)).await?;
    shown(&world, courier, false, &world.zone).await?;
    world.publish(&news(courier, &world.zone, true, now)).await?;
    unchanged(&world, courier, 6, false, &json!(events::time(later))).await?;
    let order = world.publish_order().await?;
    world.waits(order).await?;

    // Who acts now is newer than all of it.
    let path = format!("/couriers/{courier}/available");
    world.couriers().post(&path, &json!(null)).await?.expect(202)?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    world.publish(&news(courier, &world.zone, false, Utc::now() - TimeDelta::hours(1))).await?;
    let updated_at = world.couriers().get(&format!("/couriers/{courier}")).await?.expect(200)?["updatedAt"].clone();
    unchanged(&world, courier, 8, true, &updated_at).await?;
    world.nothing_dead().await
}

#[tokio::test]
async fn without_a_time_of_its_own_news_is_as_old_as_its_sending() -> Result<()> {
    let world = World::new().await?;
    let courier = Uuid::new_v4();
    // Sent first, received last: SQS holds it back.
    for queue in QUEUES {
        world.bus.send(queue, &events::courier(courier, &world.zone, false).to_string(), 2).await?;
    }
    after_this_millisecond().await?;
    world.publish(&events::courier(courier, &world.zone, true)).await?;
    shown(&world, courier, true, &world.zone).await?;
    let updated_at = world.couriers().get(&format!("/couriers/{courier}")).await?.expect(200)?["updatedAt"].clone();
    unchanged(&world, courier, 2, true, &updated_at).await?;
    let order = world.publish_order().await?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);

    // What was sent later is newer than what happened earlier, and the other way round.
    after_this_millisecond().await?;
    world.publish(&events::courier(courier, &world.zone, false)).await?;
    shown(&world, courier, false, &world.zone).await?;
    let updated_at = world.couriers().get(&format!("/couriers/{courier}")).await?.expect(200)?["updatedAt"].clone();
    world.publish(&news(courier, &world.zone, true, Utc::now() - TimeDelta::minutes(1))).await?;
    unchanged(&world, courier, 4, false, &updated_at).await?;
    let order = world.publish_order().await?;
    world.waits(order).await?;
    after_this_millisecond().await?;
    world.publish(&news(courier, &world.zone, true, Utc::now())).await?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    world.nothing_dead().await
}

/// SQS tells the time of sending in milliseconds; of two messages of one millisecond neither is the older one.
async fn after_this_millisecond() -> Result<()> {
    let now = Utc::now().timestamp_millis();
    eventually("the next millisecond", || async { Ok((Utc::now().timestamp_millis() > now).then_some(())) }).await
}
