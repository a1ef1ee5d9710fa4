//! Couriers who go and come back.

use anyhow::Result;
use e2e::{World, events};
use serde_json::json;
use test_support::eventually;
use uuid::Uuid;

/// How a courier says that they take orders now, or do not.
#[derive(Clone, Copy)]
enum Way {
    Event,
    Rest,
}

impl Way {
    async fn say(self, world: &World, courier: Uuid, is_available: bool) -> Result<()> {
        match self {
            Self::Event => world.publish(&events::courier(courier, &world.zone, is_available)).await,
            Self::Rest => {
                let verb = if is_available { "available" } else { "unavailable" };
                let path = format!("/couriers/{courier}/{verb}");
                let courier = world.couriers().post(&path, &json!(null)).await?.expect(202)?;
                assert_eq!(courier["isAvailable"], is_available);
                Ok(())
            }
        }
    }

    async fn arrive(self, world: &World, available_then: u64) -> Result<Uuid> {
        let courier = Uuid::new_v4();
        match self {
            Self::Event => world.publish(&events::courier(courier, &world.zone, true)).await?,
            Self::Rest => {
                let body = json!({"name": "a", "zone": world.zone, "isAvailable": true});
                world.couriers().put(&format!("/couriers/{courier}"), &body).await?.expect(201)?;
            }
        }
        world.available(available_then).await?;
        Ok(courier)
    }
}

async fn leaves_at_once_and_resumes_with_the_score(way: Way) -> Result<()> {
    let world = World::new().await?;
    let away = way.arrive(&world, 1).await?;
    let orders = [world.publish_order().await?, world.publish_order().await?, world.publish_order().await?];
    assert!(world.assigned(&orders).await?.values().all(|courier| *courier == away));

    // From the moment that an instance shows them as unavailable nobody gives them anything, at no instance.
    way.say(&world, away, false).await?;
    world.availability(away, false).await?;
    let [first, second] = [world.publish_order().await?, world.publish_order().await?];
    world.waits(first).await?;
    world.waits(second).await?;
    let stays = way.arrive(&world, 1).await?;
    let assigned = world.assigned(&[first, second]).await?;
    assert!(assigned.values().all(|courier| *courier == stays), "{assigned:?} {away}");
    eventually("courier-service shows them as unavailable", || async {
        let answer = world.couriers().get(&format!("/couriers/{away}")).await?;
        // It may not have heard of them yet.
        let shown = if answer.status == 404 { return Ok(None) } else { answer.expect(200)? };
        Ok((shown["isAvailable"] == false).then_some(()))
    })
    .await?;

    // They have 3, the other 2: with a score of 0 they would be next.
    way.say(&world, away, true).await?;
    assert_eq!(world.available(2).await?, [(stays, 2), (away, 3)]);
    let next = world.publish_order().await?;
    assert_eq!(world.assigned(&[next]).await?[&next], stays);
    // Both have 3: who has waited longest is next, then the other.
    assert_eq!(world.available(2).await?, [(away, 3), (stays, 3)]);
    for expected in [away, stays, away, stays] {
        let next = world.publish_order().await?;
        assert_eq!(world.assigned(&[next]).await?[&next], expected);
    }
    assert_eq!(world.load(away).await?.map(|load| load.open_orders), Some(5));
    assert_eq!(world.load(stays).await?.map(|load| load.open_orders), Some(5));
    world.nothing_dead().await
}

#[tokio::test]
async fn a_courier_leaves_at_once_and_resumes_with_their_score_by_events() -> Result<()> {
    leaves_at_once_and_resumes_with_the_score(Way::Event).await
}

#[tokio::test]
async fn a_courier_leaves_at_once_and_resumes_with_their_score_over_rest() -> Result<()> {
    leaves_at_once_and_resumes_with_the_score(Way::Rest).await
}

/// Somebody is always there to take what comes while one of them leaves and comes back, in the midst of it.
#[tokio::test]
async fn who_left_gets_nothing_while_others_get_a_lot() -> Result<()> {
    let world = World::new().await?;
    let [leaves, stays] = [Way::Event.arrive(&world, 1).await?, Way::Event.arrive(&world, 2).await?];
    Way::Event.say(&world, leaves, false).await?;
    world.availability(leaves, false).await?;
    let orders = events::ids(60);
    let bodies: Vec<String> = orders.iter().map(|order| events::order(*order, &world.zone).to_string()).collect();
    world.bus.publish_all(e2e::bus::EVENTS_TOPIC, &bodies).await?;
    let assigned = world.assigned(&orders).await?;
    assert!(assigned.values().all(|courier| *courier == stays), "{assigned:?} {leaves}");

    // 60 behind: the next 60 are all theirs, and then it is even.
    world.registered(leaves).await?;
    Way::Rest.say(&world, leaves, true).await?;
    assert_eq!(world.available(2).await?, [(leaves, 0), (stays, 60)]);
    let orders = events::ids(61);
    let bodies: Vec<String> = orders.iter().map(|order| events::order(*order, &world.zone).to_string()).collect();
    world.bus.publish_all(e2e::bus::EVENTS_TOPIC, &bodies).await?;
    let assigned = world.assigned(&orders).await?;
    let theirs = assigned.values().filter(|courier| **courier == leaves).count();
    assert_eq!(theirs, 60, "of the tie at 60 the other one gets the last, who has waited longer");
    world.nothing_dead().await
}
