//! The page of a courier, in a browser: who they are, what they have, had and declined.

use anyhow::Result;
use e2e::{World, browser::visit, events};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn a_courier_with_their_name_and_their_orders_open_past_and_declined() -> Result<()> {
    let world = World::new().await?;
    let courier = Uuid::new_v4();
    visit(world.board(), async |page| {
        page.watch(&format!("/board/couriers/{courier}")).await?;
        page.shows("h1", &courier.to_string()).await?;
        page.shows("#state", "No event has named this courier yet.").await?;
        let mut event = events::limited(courier, &world.zone, 3);
        event["name"] = json!("Ada & Co");
        world.publish(&event).await?;
        page.shows("#state dd", "Ada & Co").await?;
        page.shows("#state dd a", &world.zone).await?;
        page.shows("#state dd", "yes").await?;
        page.shows("#state dd", "0 of 3").await?;

        let [(delivered, ..), (declined, ..), (open, ..)] =
            [world.next_order().await?, world.next_order().await?, world.next_order().await?];
        page.shows("#state dd", "3 of 3").await?;
        page.shows(&format!("[id^='Open-{open}']"), "Buy something assigned").await?;
        world.publish(&events::step("OrderPickedUp", delivered)).await?;
        page.shows(&format!("[id^='Open-{delivered}']"), "picked up").await?;
        world.publish(&events::step("OrderDelivered", delivered)).await?;
        page.shows(&format!("[id^='Past-{delivered}']"), "delivered").await?;
        world.publish(&events::step_by("OrderRejected", declined, courier)).await?;
        page.shows(&format!("[id^='Past-{declined}']"), "taken back").await?;
        page.shows("#declined tbody tr", &format!("OrderRejected {}", &declined.to_string()[..8])).await?;
        page.shows("#state dd", "1 of 3").await?;
        page.has("#work tr[id^=Open]", 1).await?;
        page.has("#work tr[id^=Past]", 2).await?;
        page.shows("#work figcaption", ": 3 at most").await?;
        page.has("#work svg polyline", 1).await?;

        event["isAvailable"] = json!(false);
        world.publish(&event).await?;
        page.shows("#state dd", "away").await?;
        page.still().await?;
        // From here one gets to the order, and back.
        page.follow(&format!("[id^='Open-{open}'] a")).await?;
        page.at(&format!("/board/orders/{open}")).await?;
        page.shows("#decision", "Ada & Co").await?;
        page.follow("#decision a").await?;
        page.at(&format!("/board/couriers/{courier}")).await?;
        page.live().await
    })
    .await?;
    world.nothing_dead().await
}

/// An order that is taken back and given again is two stints.
#[tokio::test]
async fn an_order_that_was_given_to_somebody_else_is_past() -> Result<()> {
    let world = World::new().await?;
    let [first, second] = [world.publish_courier(1).await?, world.publish_courier(2).await?];
    let (order, by, _) = world.next_order().await?;
    assert_eq!(by, first);
    visit(world.board(), async |page| {
        page.watch(&format!("/board/couriers/{first}")).await?;
        page.shows(&format!("[id^='Open-{order}']"), "assigned").await?;
        let body = json!({"courierId": second});
        world.assignments().post(&format!("/orders/{order}/assign"), &body).await?.expect(202)?;
        page.has("#work tr[id^=Open]", 0).await?;
        page.has("#work tr[id^=Past]", 1).await?;
        page.shows("#state dd", "0").await?;
        page.still().await
    })
    .await?;
    world.nothing_dead().await
}
