//! The page of an order, in a browser: why it waits, who gets it and why, and what happens to it, without a reload.

use anyhow::Result;
use e2e::{World, browser::visit, events};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn an_order_that_waits_says_why_and_its_page_follows_it_until_it_is_delivered() -> Result<()> {
    let world = World::new().await?;
    let (order, courier) = (Uuid::new_v4(), Uuid::new_v4());
    visit(world.board(), async |page| {
        page.watch(&format!("/board/orders/{order}")).await?;
        page.shows("h1", &order.to_string()).await?;
        page.shows("#state", "No AddOrder has named this order yet.").await?;
        let mut event = events::order(order, &world.zone);
        event["priority"] = json!(7);
        world.publish(&event).await?;
        page.shows("#state dd", "pending").await?;
        page.shows("#state dd", "7").await?;
        page.shows("#state a", &world.zone).await?;
        page.shows("#state pre", "Buy something").await?;
        page.shows("#decision", "It is number 1 in the line of the zone").await?;
        page.shows("#decision", "Nobody of the zone takes orders now.").await?;
        page.shows("#timeline", "AddOrder").await?;

        world.publish(&events::courier(courier, &world.zone, true)).await?;
        page.shows("#state dd", "assigned").await?;
        page.shows("#decision h2", "Why this courier").await?;
        page.shows("#decision", "first_courirer got it at").await?;
        page.shows("#decision", "They had 0 open orders then. 1 could have taken it.").await?;
        let links = page.attributes("#decision a", "href").await?;
        assert_eq!(links, [Some(format!("/board/couriers/{courier}"))]);
        world.publish(&events::step("OrderPickedUp", order)).await?;
        page.shows("#state dd", "picked up").await?;
        world.publish(&events::step("OrderDelivered", order)).await?;
        page.shows("#state dd", "delivered").await?;
        page.has("#timeline li", 4).await?;
        let lines = page.texts("#timeline li > strong").await?;
        assert_eq!(lines, ["AddOrder", "OrderAssigned", "OrderPickedUp", "OrderDelivered"]);
        page.still().await?;

        // The line has the event as it came, and what was decided with what it was based on.
        page.click("#timeline li:nth-child(1) summary").await?;
        page.shows("#timeline li:nth-child(1) pre", "\"details\": \"Buy something\"").await?;
        page.shows("#timeline li:nth-child(1)", "brought by message").await?;
        page.click("#timeline li:nth-child(2) summary").await?;
        page.shows("#timeline li:nth-child(2)", "decided here").await?;
        page.shows("#timeline li:nth-child(2)", "Based on").await
    })
    .await?;
    world.nothing_dead().await
}

/// What is unfolded stays so while the page goes on changing.
#[tokio::test]
async fn who_cannot_take_an_order_is_said_and_what_is_unfolded_stays_so() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_limited(1).await?;
    let (taken, ..) = world.next_order().await?;
    let order = world.publish_order().await?;
    world.waits(order).await?;
    visit(world.board(), async |page| {
        page.watch(&format!("/board/orders/{order}")).await?;
        let all = "None of the 1 who take orders can take this one:";
        page.shows("#decision", &format!("{all} 1 have as many as they take, 0 have declined it")).await?;
        page.click("#timeline summary").await?;
        page.shows("#timeline pre", &order.to_string()).await?;
        world.publish(&events::step("OrderDelivered", taken)).await?;
        page.shows("#state dd", "assigned").await?;
        world.publish(&events::step_by("OrderRejected", order, courier)).await?;
        page.shows("#state dd", "pending").await?;
        page.shows("#decision", &format!("{all} 0 have as many as they take, 1 have declined it")).await?;
        page.has("#timeline li", 4).await?;
        let lines = page.texts("#timeline li > strong").await?;
        assert_eq!(lines, ["AddOrder", "OrderAssigned", "OrderRejected", "OrderUnassigned"]);
        assert_eq!(page.attributes("#timeline details", "open").await?.iter().flatten().count(), 1);
        page.shows("#timeline li:first-child pre", &order.to_string()).await?;
        // The other one came to its end.
        page.open(&format!("/board/orders/{taken}")).await?;
        page.shows("#state dd", "delivered").await
    })
    .await?;
    world.nothing_dead().await
}

#[tokio::test]
async fn an_order_that_ends_before_anybody_has_it_and_what_is_no_order() -> Result<()> {
    let world = World::new().await?;
    let order = world.publish_order().await?;
    world.waits(order).await?;
    world.publish(&events::step("OrderCancelled", order)).await?;
    visit(world.board(), async |page| {
        page.watch(&format!("/board/orders/{order}")).await?;
        page.shows("#state dd", "cancelled").await?;
        page.shows("#decision", "It ended before anybody had it.").await?;
        page.expect("/board/orders/b87261aa - Failed to load resource: the server responded with a status of 404");
        page.open("/board/orders/b87261aa").await?;
        page.shows("h1", "This is no order id.").await
    })
    .await?;
    world.nothing_dead().await
}
