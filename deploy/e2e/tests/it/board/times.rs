//! Times are in the viewer's zone, exact when one points at them, and ages go on counting.

use anyhow::Result;
use e2e::{World, browser::visit, events};
use serde_json::json;
use uuid::Uuid;

const ADDED: &str = "2021-07-18T10:22:10.170682Z";

#[tokio::test]
async fn a_time_is_shown_in_the_viewers_zone_and_exactly_in_utc_on_hover() -> Result<()> {
    let world = World::new().await?;
    let order = Uuid::new_v4();
    let mut event = events::order(order, &world.zone);
    event["addedAt"] = json!(ADDED);
    world.publish(&event).await?;
    world.waits(order).await?;
    visit(world.board(), async |page| {
        let time = format!("#state time[datetime='{ADDED}']");
        for (zone, shown) in [
            ("Asia/Tokyo", "Jul 18, 2021, 7:22:10 PM"),
            ("America/New_York", "Jul 18, 2021, 6:22:10 AM"),
            ("Pacific/Kiritimati", "Jul 19, 2021, 12:22:10 AM"),
        ] {
            page.go_to_zone(zone).await?;
            page.watch(&format!("/board/orders/{order}")).await?;
            assert_eq!(page.texts(&time).await?, [shown], "{zone}");
            assert_eq!(page.attributes(&time, "title").await?, [Some(ADDED.to_owned())]);
        }
        // Also in what comes later.
        world.publish_courier(1).await?;
        page.shows("#state dd", "assigned").await?;
        assert_eq!(page.texts(&time).await?, ["Jul 19, 2021, 12:22:10 AM"]);
        let shown = page.texts("#decision time, #timeline li > time").await?;
        assert!(shown.iter().all(|time| time.ends_with("AM") || time.ends_with("PM")), "{shown:?}");
        let exact = page.attributes("time", "title").await?;
        assert_eq!(exact, page.attributes("time", "datetime").await?);
        assert!(exact.iter().flatten().all(|time| time.len() == ADDED.len() && time.ends_with('Z')), "{exact:?}");
        page.still().await
    })
    .await?;
    world.nothing_dead().await
}

#[tokio::test]
async fn an_age_goes_on_counting_without_news() -> Result<()> {
    let world = World::new().await?;
    let order = world.publish_order().await?;
    world.waits(order).await?;
    visit(world.board(), async |page| {
        page.watch(&format!("/board/zones/{}", world.zone)).await?;
        let age = format!("#waits-{order} time");
        page.shows(&age, "ago").await?;
        let first = page.texts(&age).await?;
        assert_eq!(first.len(), 1);
        test_support::eventually("it counts", || async { Ok((page.texts(&age).await? != first).then_some(())) })
            .await?;
        page.shows(&age, "ago").await
    })
    .await?;
    world.nothing_dead().await
}
