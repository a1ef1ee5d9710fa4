//! The search of the board, in a browser, from any of its pages.

use anyhow::{Context as _, Result};
use e2e::{World, browser::visit};
use uuid::Uuid;

#[tokio::test]
async fn an_id_leads_to_its_page_and_nonsense_is_said_to_be_unknown() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let (order, ..) = world.next_order().await?;
    let logged = world.assignments().list(&format!("/events?orderId={order}&limit=100")).await?;
    let event = |kind| {
        let found = logged.iter().find(|event| event["type"] == kind);
        found.and_then(|event| event["eventId"].as_str()).map(str::to_owned).context("an event")
    };
    let (order_page, courier_page) = (format!("/board/orders/{order}"), format!("/board/couriers/{courier}"));
    let searches = [
        (order.to_string(), order_page.clone()),
        (format!("  {}  ", courier.to_string().to_uppercase()), courier_page.clone()),
        (world.zone.clone(), format!("/board/zones/{}", world.zone)),
        (event("AddOrder")?, order_page.clone()),
        (event("OrderAssigned")?, order_page.clone()),
    ];
    visit(world.board(), async |page| {
        page.open("/").await?;
        for (text, expected) in &searches {
            page.fill("[role=search] input", text).await?;
            page.follow("[role=search] button").await?;
            page.at(expected).await?;
            page.live().await?;
        }
        page.expect("/board/search?q=");
        for nonsense in
            [Uuid::new_v4().to_string(), "<b>nonsense</b>".to_owned(), "b87261aa".to_owned(), "{S}".to_owned()]
        {
            page.fill("[role=search] input", &nonsense).await?;
            page.follow("[role=search] button").await?;
            page.shows("h1", "No event has named such an order, courier or zone").await?;
            assert!(page.path().await?.starts_with("/board/search?q="));
        }
        Ok(())
    })
    .await?;
    world.nothing_dead().await
}
