//! Couriers who move to another zone.

use anyhow::{Context as _, Result};
use e2e::{World, events};
use serde_json::json;
use test_support::eventually;
use uuid::Uuid;

async fn moves(by_rest: bool) -> Result<()> {
    let (former, present) = (World::new().await?, World::new().await?);
    let mover = former.publish_courier(1).await?;
    let taken_along = former.publish_order().await?;
    assert_eq!(former.assigned(&[taken_along]).await?[&taken_along], mover);

    if by_rest {
        former.registered(mover).await?;
        let body = json!({"name": "a", "zone": present.zone});
        former.couriers().put(&format!("/couriers/{mover}"), &body).await?.expect(202)?;
    } else {
        former.publish(&events::courier(mover, &present.zone, true)).await?;
    }
    eventually("assignment-service has them in the new zone", || async {
        Ok(former.load(mover).await?.filter(|load| load.zone == present.zone).map(drop))
    })
    .await?;

    former.available(0).await?;

    // An order of the former zone waits, one of the new zone that comes later does not.
    let left_behind = former.publish_order().await?;
    former.waits(left_behind).await?;
    let there = present.publish_order().await?;
    assert_eq!(present.assigned(&[there]).await?[&there], mover);
    // What they took along counts.
    assert_eq!(present.assignment(there).await?.context("a decision")?.score, Some(1));
    assert_eq!(present.available(1).await?, [(mover, 2)]);
    former.waits(left_behind).await?;

    let heir = former.publish_courier(1).await?;
    let orders: Vec<Uuid> = events::ids(30);
    let bodies: Vec<String> = orders.iter().map(|order| events::order(*order, &former.zone).to_string()).collect();
    former.bus.publish_all(e2e::bus::EVENTS_TOPIC, &bodies).await?;
    let assigned = former.assigned(&[orders, vec![left_behind]].concat()).await?;
    assert!(assigned.values().all(|courier| *courier == heir), "{assigned:?} {mover}");
    let theirs = former.couriers().list(&format!("/couriers/{mover}/orders?limit=100")).await?;
    let theirs: Vec<_> = theirs.iter().map(|pair| (pair["orderId"].clone(), pair["zone"].clone())).collect();
    assert_eq!(theirs, [(json!(there), json!(present.zone)), (json!(taken_along), json!(former.zone))]);
    for (zone, courier) in [(&former.zone, heir), (&present.zone, mover)] {
        eventually("courier-service lists them where they are", || async {
            let listed = former.couriers().list(&format!("/couriers?zone={zone}")).await?;
            let listed: Vec<_> = listed.iter().map(|listed| listed["courierId"].clone()).collect();
            Ok((listed == [json!(courier)]).then_some(()))
        })
        .await?;
    }

    // Back again: they resume with all that they have.
    present.publish(&events::courier(mover, &former.zone, true)).await?;
    assert_eq!(former.available(2).await?, [(mover, 2), (heir, 31)]);
    let after = former.publish_order().await?;
    assert_eq!(former.assigned(&[after]).await?[&after], mover);
    former.nothing_dead().await?;
    present.nothing_dead().await
}

#[tokio::test]
async fn a_courier_who_moves_gets_nothing_of_the_former_zone_by_events() -> Result<()> {
    moves(false).await
}

#[tokio::test]
async fn a_courier_who_moves_gets_nothing_of_the_former_zone_over_rest() -> Result<()> {
    moves(true).await
}
