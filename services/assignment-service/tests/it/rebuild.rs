//! `rebuild` makes Redis from the facts while the service runs, against the real servers.

use std::collections::BTreeMap;

use anyhow::Result;
use chrono::TimeDelta;
use dispatch_contracts::id::OrderId;

use crate::{
    commands::operate,
    world::{World, add_courier, add_order, courier_id, order, order_id, zone},
};

#[tokio::test]
async fn what_redis_has_wrong_is_right_afterwards() -> Result<()> {
    let world = World::new().await?;
    let (instance, somebody, assigned) = (world.instance(), courier_id(), order_id());
    add_courier(&instance, somebody, &world.zone, true).await?;
    add_order(&instance, assigned, &world.zone).await?;
    let elsewhere = zone("elsewhere")?;
    add_courier(&instance, courier_id(), &elsewhere, true).await?;
    world.command(&["ZADD", "couriers", "7", &somebody.to_string()]).await?;
    world.command(&["HSET", "orders", &order_id().to_string(), &somebody.to_string()]).await?;

    let (code, results, notes) = operate(&world, &["rebuild", "--zone", world.zone.as_str()]).await?;
    assert_eq!((code, results.as_str()), (Some(0), "zones rebuilt: 1\n"), "{notes}");
    assert_eq!(world.scores(&world.zone).await?, BTreeMap::from([(somebody, 1)]));
    assert_eq!(world.held(&world.zone).await?, world.assigned().await?);

    assert_eq!(operate(&world, &["rebuild"]).await?.1, "zones rebuilt: 2\n");
    let first = world.zone.as_str().min(elsewhere.as_str());
    assert_eq!(operate(&world, &["rebuild", "--after", first]).await?.1, "zones rebuilt: 1\n");
    let (code, _, notes) = operate(&world, &["rebuild", "--zone", "nowhere"]).await?;
    assert_eq!((code, notes.as_str()), (Some(1), "assignment-service: zone nowhere was never heard of\n"));
    Ok(())
}

#[tokio::test]
async fn orders_that_come_meanwhile_are_assigned_once_and_counted() -> Result<()> {
    let world = World::new().await?;
    let instances = [world.instance(), world.instance()];
    let couriers = [courier_id(), courier_id(), courier_id()];
    for courier in couriers {
        add_courier(&instances[0], courier, &world.zone, true).await?;
    }
    let orders: Vec<OrderId> = (0..120).map(|_| order_id()).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for (number, id) in orders.iter().enumerate() {
        let instance = instances[number % 2].clone();
        let new = order(*id, &world.zone, 0, TimeDelta::zero())?;
        tasks.spawn(async move { instance.add_orders(vec![new]).await });
        if number % 40 == 0 {
            instances[0].rebuild(&world.zone).await?;
        }
    }
    let command = ["rebuild", "--zone", world.zone.as_str()];
    let (rebuilt, done) = tokio::join!(operate(&world, &command), tasks.join_all());
    assert_eq!(rebuilt?.0, Some(0));
    for done in done {
        done?;
    }
    let assigned = world.assigned().await?;
    assert_eq!(assigned.len(), orders.len());
    assert_eq!(world.held(&world.zone).await?, assigned);
    let mut open = BTreeMap::new();
    for courier in assigned.values() {
        *open.entry(*courier).or_insert(0_u32) += 1;
    }
    assert_eq!(world.scores(&world.zone).await?, open);
    assert_eq!(world.published().await?.len(), orders.len());
    Ok(())
}
