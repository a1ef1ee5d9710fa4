//! The page of a zone, in a browser: who is next and how loaded they are, the line, and what was decided lately.

use anyhow::Result;
use chrono::{TimeDelta, Utc};
use e2e::{World, browser::visit, events};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn couriers_by_score_the_line_and_the_latest_decisions_change_by_themselves() -> Result<()> {
    let world = World::new().await?;
    let (away, busy) = (Uuid::new_v4(), Uuid::new_v4());
    visit(world.board(), async |page| {
        page.watch(&format!("/board/zones/{}", world.zone)).await?;
        page.shows("h1", &format!("Zone {}", world.zone)).await?;
        page.shows("#counts", "No event has named this zone yet.").await?;
        page.shows("#couriers", "Nobody.").await?;
        page.shows("#line", "Nothing waits.").await?;

        world.publish(&events::courier(away, &world.zone, false)).await?;
        page.shows(&format!("#courier-{away}"), "away").await?;
        let mut two = events::limited(busy, &world.zone, 2);
        two["name"] = json!("Zoë");
        world.publish(&two).await?;
        page.shows(&format!("#courier-{busy}"), "Zoë yes 0 of 2").await?;
        let (first, ..) = world.next_order().await?;
        page.shows(&format!("#courier-{busy}"), "yes 1 of 2").await?;
        let (second, ..) = world.next_order().await?;
        page.shows(&format!("#courier-{busy}"), "full 2 of 2").await?;
        let meter = format!("#courier-{busy} meter");
        let bar = [page.attributes(&meter, "value").await?, page.attributes(&meter, "max").await?].concat();
        assert_eq!(bar, [Some("2".to_owned()), Some("2".to_owned())]);
        // Who takes orders comes first, full or not.
        page.shows("#couriers tbody tr:first-child", &busy.to_string()[..8]).await?;
        page.shows("#couriers tbody tr:last-child", "first_courirer away").await?;
        for order in [second, first] {
            page.shows("#decisions td a", &order.to_string()[..8]).await?;
        }
        let kinds = page.texts("#decisions tbody td:nth-child(2)").await?;
        assert_eq!(kinds, ["OrderAssigned", "OrderAssigned"]);

        // The line: the urgent one first, then by age.
        let waiting = events::ids(3);
        for (order, priority, minutes) in [(waiting[0], 0, 1), (waiting[1], 0, 90), (waiting[2], 5, 1)] {
            let mut event = events::order(order, &world.zone);
            event["priority"] = json!(priority);
            event["addedAt"] = json!(events::time(Utc::now() - TimeDelta::minutes(minutes)));
            world.publish(&event).await?;
        }
        page.has("#line tbody tr", 3).await?;
        for (place, order, rest) in
            [(1, waiting[2], "5 1 min. ago"), (2, waiting[1], "0 1 hr. ago"), (3, waiting[0], "0 1 min. ago")]
        {
            let row = format!("{place} {} {rest}", &order.to_string()[..8]);
            page.shows(&format!("#line tbody tr:nth-child({place})"), &row).await?;
        }
        page.shows("#counts dd", "3").await?;
        world.publish(&events::step("OrderDelivered", first)).await?;
        page.has("#line tbody tr", 2).await?;
        page.shows("#line tbody tr:first-child", &waiting[1].to_string()[..8]).await?;
        page.still().await
    })
    .await?;
    world.nothing_dead().await
}

#[tokio::test]
async fn many_couriers_come_in_pages_and_a_zone_that_cannot_be_is_said_to_be_none() -> Result<()> {
    let world = World::new().await?;
    let couriers = events::ids(53).into_iter().map(|id| events::courier(id, &world.zone, true).to_string());
    world.bus.publish_all(&world.topics.events, &couriers.collect::<Vec<_>>()).await?;
    world.available(53).await?;
    visit(world.board(), async |page| {
        let path = format!("/board/zones/{}", world.zone);
        page.watch(&path).await?;
        page.has("#couriers tbody tr", 50).await?;
        let mut shown = page.attributes("#couriers tbody tr", "id").await?;
        page.follow("#couriers nav a").await?;
        page.at(&format!("{path}?page=1")).await?;
        page.live().await?;
        page.has("#couriers tbody tr", 3).await?;
        shown.extend(page.attributes("#couriers tbody tr", "id").await?);
        shown.sort();
        shown.dedup();
        assert_eq!(shown.len(), 53, "each once");
        assert_eq!(page.texts("#couriers nav a").await?, ["Those before"]);
        page.open(&format!("{path}?page=7")).await?;
        page.shows("#couriers", "There are no more.").await?;
        page.expect("/board/zones/a%20b - Failed to load resource: the server responded with a status of 404");
        page.open("/board/zones/a%20b").await?;
        page.shows("h1", "This can be no zone.").await
    })
    .await?;
    world.nothing_dead().await
}
