//! Pickup, delivery and cancellation as they are asked for here.

use anyhow::Result;
use chrono::TimeDelta;
use dispatch_contracts::{
    event::{Decoded, decode},
    id::{CourierId, OrderId},
    life::Change,
    order::OrderStatus,
    resource::Order,
    timestamp,
};
use futures::future::join_all;
use order_service::{
    domain::{
        change::{OrderChange, Source},
        step::Step,
    },
    error::Error,
};
use serde_json::{Value, json};
use trace::TraceParent;
use uuid::Uuid;

use crate::support::{UseCases, add_order, changed, order_id, second};

fn courier() -> CourierId {
    Uuid::from_u128(1).into()
}

/// An order that has come so far, by events of the first seconds.
async fn order_in(world: &UseCases, status: OrderStatus) -> Result<OrderId> {
    let id = order_id();
    let assigned = Change::Assigned(courier());
    let life = match status {
        OrderStatus::Pending => vec![],
        OrderStatus::Assigned => vec![assigned],
        OrderStatus::PickedUp => vec![assigned, Change::PickedUp(None)],
        OrderStatus::Delivered => vec![assigned, Change::PickedUp(None), Change::Delivered(None)],
        OrderStatus::Cancelled => vec![assigned, Change::Cancelled],
    };
    world.orders.record_added(&[add_order(id, "Buy", "2025-12-31T00:00:00Z")?]).await?;
    let changes =
        life.into_iter().zip(1..).map(|(change, at)| anyhow::Ok(changed(id, change, second(at)?, Uuid::new_v4())));
    world.orders.record_changes(&changes.collect::<Result<Vec<_>>>()?).await?;
    Ok(id)
}

async fn take(world: &UseCases, id: OrderId, step: Step) -> Result<Order, Error> {
    world.orders.take_step(id, step, TraceParent::start()).await
}

#[tokio::test]
async fn each_step_is_possible_where_it_should_be_and_published_once() -> Result<()> {
    use OrderStatus::{Assigned, Cancelled, Delivered, Pending, PickedUp};
    let world = UseCases::create().await?;
    for (step, from) in [
        (Step::PickUp, &[Assigned][..]),
        (Step::Deliver, &[PickedUp][..]),
        (Step::Cancel, &[Pending, Assigned, PickedUp][..]),
    ] {
        for status in [Pending, Assigned, PickedUp, Delivered, Cancelled] {
            let id = order_in(&world, status).await?;
            let (before, published) = (world.orders.get(id).await?, world.count("outbox").await?);
            let answer = take(&world, id, step).await;
            let after = world.orders.get(id).await?;
            let news = world.count("outbox").await? - published;
            if from.contains(&status) {
                assert_eq!(after.status, step.leads_to());
                assert_eq!((after.courier_id, after.assigned_at), (before.courier_id, before.assigned_at));
                assert_eq!((answer?, news), (after.clone(), 1));
                assert_eq!(take(&world, id, step).await?, after, "again");
                assert_eq!(world.count("outbox").await? - published, 1, "again");
            } else if status == step.leads_to() {
                assert_eq!((answer?, &after, news), (before.clone(), &before, 0));
            } else {
                let holder = before.courier_id.filter(|_| matches!(status, Assigned | PickedUp));
                let told = matches!(
                    answer, Err(Error::ImpossibleTransition { status: told, courier_id })
                        if told == status && courier_id == holder
                );
                assert!(told, "{step:?} of {status}: {answer:?}");
                assert_eq!((after, news), (before, 0));
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_order_without_details_is_not_known() -> Result<()> {
    let world = UseCases::create().await?;
    let id = order_id();
    for _ in 0..2 {
        assert!(matches!(take(&world, id, Step::Cancel).await, Err(Error::OrderNotFound)));
        let assigned = changed(id, Change::Assigned(courier()), second(1)?, Uuid::from_u128(1));
        world.orders.record_changes(&[assigned]).await?;
    }
    assert_eq!(world.count("outbox").await?, 0);
    Ok(())
}

/// This machine's clock says 00:00:00; what is known is newer, some of it without effect.
#[tokio::test]
async fn a_step_is_newer_than_all_that_is_known_and_its_event_comes_back_without_effect() -> Result<()> {
    let world = UseCases::create().await?;
    let id = order_in(&world, OrderStatus::Assigned).await?;
    let stranger = changed(id, Change::PickedUp(Some(Uuid::max().into())), second(30)?, Uuid::new_v4());
    world.orders.record_changes(&[stranger]).await?;
    take(&world, id, Step::PickUp).await?;
    take(&world, id, Step::Deliver).await?;
    let known = world.orders.get(id).await?;
    let published = world.outbox().await?;
    let event = |kind: &str, at: &str, told: &Value| json!({"type": kind, "eventId": told["eventId"], "occurredAt": at, "orderId": id, "courierId": courier()});
    assert_eq!(
        published,
        [
            event("OrderPickedUp", "2026-01-01T00:00:30.000001Z", &published[0]),
            event("OrderDelivered", "2026-01-01T00:00:30.000002Z", &published[1]),
        ]
    );
    let kept = world.count("order_changes").await?;
    for body in published.iter().rev() {
        let Decoded::Event(event) = decode(&body.to_string())? else { anyhow::bail!("no event") };
        let version = event.version("message", second(59)?);
        let change = OrderChange::of(&event.payload, version, Source::Event);
        world.orders.record_changes(&change.into_iter().collect::<Vec<_>>()).await?;
    }
    assert_eq!((world.orders.get(id).await?, world.count("order_changes").await?), (known, kept));

    // A clock that is ahead is taken as it is.
    world.pass(TimeDelta::minutes(1));
    let other = order_in(&world, OrderStatus::Pending).await?;
    take(&world, other, Step::Cancel).await?;
    let cancelled = world.outbox().await?.pop().unwrap_or_default();
    let now = timestamp::format(second(0)? + TimeDelta::minutes(1));
    let expected = json!({
        "type": "OrderCancelled", "eventId": cancelled["eventId"], "occurredAt": now, "orderId": other,
    });
    assert_eq!(cancelled, expected, "nobody had it");
    Ok(())
}

#[tokio::test]
async fn of_steps_at_one_moment_one_is_taken() -> Result<()> {
    let world = UseCases::create().await?;
    let id = order_in(&world, OrderStatus::Assigned).await?;
    let answers = join_all((0..12).map(|_| take(&world, id, Step::PickUp))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|order| order.status == OrderStatus::PickedUp)));
    assert_eq!(world.count("outbox").await?, 1);

    let steps = (0..12).map(|n| if n % 2 == 0 { Step::Deliver } else { Step::Cancel });
    let answers = join_all(steps.map(|step| take(&world, id, step))).await;
    let taken = answers.iter().flatten().map(|order| order.status).collect::<Vec<_>>();
    let end = world.orders.get(id).await?.status;
    assert_eq!(taken, [end; 6], "the one that was first, as often as it was asked for");
    assert_eq!(world.count("outbox").await?, 2);
    Ok(())
}
