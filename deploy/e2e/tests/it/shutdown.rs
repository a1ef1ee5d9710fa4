//! SIGTERM in the midst of work.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use e2e::{Cell, World, events, queues};
use futures::future::join_all;
use serde_json::json;
use test_support::{ServiceProcess, eventually};
use uuid::Uuid;

/// Orders that are made before the signal, at the least.
const BEFORE: usize = 150;

/// Makes orders until the service is no longer there; answers those that it answered for.
async fn make_orders(world: &World, made: &AtomicUsize) -> Vec<Uuid> {
    let mut answered = Vec::new();
    loop {
        let order = Uuid::new_v4();
        let body = json!({"orderId": order, "details": "a", "zone": world.zone});
        match world.orders().post("/orders", &body).await {
            Ok(answer) if answer.status == 201 => answered.push(order),
            Ok(other) => panic!("neither made nor gone: {other:?}"),
            Err(_) => return answered,
        }
        made.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn sigterm_during_load_drains_and_loses_nothing() -> Result<()> {
    let cell = Cell::new().await?;
    let first = cell.start_all().await?;
    let world = first.world(&cell).await?;
    for courier in 1..=3 {
        let body = json!({"name": "a", "zone": world.zone});
        world.couriers().put(&format!("/couriers/{}", Uuid::new_v4()), &body).await?.expect(201)?;
        world.available(courier).await?;
    }

    let made = AtomicUsize::new(0);
    let load = join_all((0..4).map(|_| make_orders(&world, &made)));
    let stopping = async {
        eventually("the load is on", || async { Ok((made.load(Ordering::Relaxed) >= BEFORE).then_some(())) }).await?;
        // Each drains: it ends with 0, and within its grace period.
        tokio::try_join!(first.order.stop(), first.courier.stop(), first.assignment.stop())
    };
    let (answered, stopped) = tokio::join!(load, stopping);
    stopped?;
    let answered: Vec<Uuid> = answered.into_iter().flatten().collect();
    assert!(answered.len() >= BEFORE);

    // What was answered for and not finished, others finish.
    let second = cell.start_all().await?;
    let after = second.world(&cell).await?;
    after.assigned(&answered).await?;
    for queue in cell.queues() {
        queue.drained().await?;
        assert_eq!(queue.dead_letters().await?.len(), 0, "{}", queue.name);
    }
    let listed = after.orders().list(&format!("/orders?zone={}&limit=100", world.zone)).await?;
    let of_zone: Vec<Uuid> = listed.iter().filter_map(|order| order["orderId"].as_str()?.parse().ok()).collect();
    assert!(answered.iter().all(|order| of_zone.contains(order)));
    after.assigned(&of_zone).await?;
    second.order.stop().await?;
    second.courier.stop().await?;
    second.assignment.stop().await
}

/// An instance that joins the others, takes its part of their queues, and leaves.
#[tokio::test]
async fn an_instance_leaves_in_the_midst_and_the_others_go_on() -> Result<()> {
    let cell = Cell::new().await?;
    let stays = cell.start_all().await?;
    let leaves: ServiceProcess = cell.start_assignment_service().await?;
    let world = stays.world(&cell).await?;
    cell.bus.send_all(&cell.events.name, &[events::courier(Uuid::new_v4(), &world.zone, true).to_string()]).await?;
    world.available(1).await?;
    let orders = events::ids(500);
    let bodies: Vec<_> = orders.iter().map(|order| events::order(*order, &world.zone).to_string()).collect();
    cell.bus.publish_all(&cell.events_topic.arn, &bodies).await?;
    eventually("some are decided", || async {
        let zone = world.zone(&world.zone).await?;
        Ok(zone.is_some_and(|zone| zone.couriers.iter().any(|load| load.open_orders > 0)).then_some(()))
    })
    .await?;
    leaves.stop().await?;
    world.assigned(&orders).await?;
    queues::handled(&cell.bus, &cell.queues().map(|queue| queue.name.as_str())).await?;
    for queue in cell.queues() {
        assert_eq!(queue.dead_letters().await?.len(), 0, "{}", queue.name);
    }
    stays.order.stop().await?;
    stays.courier.stop().await?;
    stays.assignment.stop().await
}
