//! The overview, in a browser: how everything is now, the worst first.

use anyhow::Result;
use e2e::{World, browser::visit, queues};

#[tokio::test]
async fn the_overview_shows_totals_the_pace_zones_queues_and_health_and_follows_them() -> Result<()> {
    let world = World::new().await?;
    visit(world.board(), async |page| {
        page.watch("/").await?;
        assert_eq!(page.title().await?, "Overview · Dispatch");
        page.shows("h1", "What is happening now").await?;
        let terms = page.texts("#totals dt").await?;
        assert_eq!(terms, ["Orders waiting", "Waiting since", "Couriers available", "Orders with couriers", "Zones"]);

        // A zone where orders wait comes before those where none do.
        let card = format!("#zone-{}", world.zone);
        for _ in 0..3 {
            world.publish_order().await?;
        }
        page.shows(&card, "3 waiting, the first").await?;
        page.shows(&card, "0 of 0 couriers available").await?;
        page.shows("#totals dd", "ago").await?;
        world.publish_courier(1).await?;
        // Then it is one of many, and may be on a later page.
        page.shows_no(&card, "waiting").await?;
        for shown in page.texts(&card).await? {
            assert!(
                shown.ends_with("nothing waits 1 of 1 couriers available 3 open orders, 3 to 3 for each courier"),
                "{shown}"
            );
        }
        page.shows_no("#pace figcaption", "Assignments a second: 0.0 over").await?;
        page.shows_no("#pace figcaption", "p50 none").await?;
        assert!(page.count("#pace figure:first-child svg polyline").await? > 0, "a chart");
        assert!(page.count("#pace figure:last-child svg polyline").await? > 1, "two lines of latency");

        let names = page.texts("#queues tbody th").await?;
        let expected = [
            queues::ASSIGNMENTS,
            queues::ORDER_ASSIGNMENTS,
            queues::EVENTS,
            queues::ORDER_EVENTS,
            queues::COURIER_EVENTS,
        ];
        assert_eq!(names, expected);
        let healths = ["PostgreSQL", "Redis", "SNS and SQS", "assignment-service", "order-service", "courier-service"];
        for name in healths {
            page.shows("#services li", &format!("{name} answers")).await?;
        }
        page.has("#services li", healths.len()).await?;
        page.still().await?;

        // From a card to its zone. Where orders wait, it is among the first.
        let waits = World::new().await?;
        waits.publish_order().await?;
        page.open("/").await?;
        let card = format!("#zone-{}", waits.zone);
        page.shows(&card, "1 waiting, the first").await?;
        page.follow(&format!("{card} a")).await?;
        page.at(&format!("/board/zones/{}", waits.zone)).await
    })
    .await?;
    world.nothing_dead().await
}
