//! Each page, in each look, has nothing serious that axe-core would find, contrast included, and fits a phone.

use anyhow::{Result, ensure};
use e2e::{
    World,
    browser::{Look, Page, visit},
    events,
};
use serde_json::json;
use uuid::Uuid;

/// Looks at a page in each way, filled as the test has waited for.
pub(super) async fn inspect(page: &Page, path: &str, filled: &str) -> Result<()> {
    page.look(Look::ALL[0]).await?;
    page.open(path).await?;
    page.has(filled, 1).await?;
    // What is unfolded is looked at, too.
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true })", &[]).await?;
    for look in Look::ALL {
        page.look(look).await?;
        let findings = page.findings().await?;
        ensure!(findings.is_empty(), "{path}, {look}: {findings:#?}");
        let overhang = page.overhang().await?;
        ensure!(overhang == 0, "{path}, {look}: it can be scrolled sideways by {overhang} pixels");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_serious_is_found_on_any_page_light_or_dark_on_a_desktop_or_a_phone() -> Result<()> {
    let world = World::new().await?;
    // Words that are too long for a line are what makes a page too wide.
    let courier = Uuid::new_v4();
    let mut event = events::limited(courier, &world.zone, 2);
    event["name"] = json!("W".repeat(90));
    world.publish(&event).await?;
    world.availability(courier, true).await?;
    let away = Uuid::new_v4();
    world.publish(&events::courier(away, &world.zone, false)).await?;
    world.availability(away, false).await?;
    let long = |order: Uuid| {
        let mut event = events::order(order, &world.zone);
        event["details"] = json!("w".repeat(1_000));
        event
    };
    let [done, declined, open, waits] = [(); 4].map(|()| Uuid::new_v4());
    for order in [done, declined] {
        world.publish(&long(order)).await?;
        world.assigned(&[order]).await?;
    }
    world.publish(&events::step("OrderDelivered", done)).await?;
    world.stands(done, "delivered", Some(courier)).await?;
    world.publish(&events::step_by("OrderRejected", declined, courier)).await?;
    world.stands(declined, "pending", None).await?;
    for order in [open, Uuid::new_v4()] {
        world.publish(&long(order)).await?;
        world.assigned(&[order]).await?;
    }
    world.publish(&long(waits)).await?;
    world.waits(waits).await?;
    visit(world.board(), async |page| {
        let zone = &world.zone;
        page.expect("/board/search?q=nobody");
        inspect(page, "/", "#queues").await?;
        inspect(page, &format!("/board/zones/{zone}"), &format!("#waits-{waits}")).await?;
        inspect(page, &format!("/board/orders/{done}"), "#decision h2").await?;
        inspect(page, &format!("/board/orders/{waits}"), "#state pre").await?;
        inspect(page, &format!("/board/orders/{open}?done=assigned"), ".notice").await?;
        inspect(page, &format!("/board/couriers/{courier}"), &format!("[id^='Past-{done}']")).await?;
        inspect(page, &format!("/board/events?zone={zone}"), "#lines").await?;
        inspect(page, "/board/events?orderId=a", "main form [role=alert]").await?;
        inspect(page, "/board/search?q=nobody", "main h1").await
    })
    .await?;
    world.nothing_dead().await
}
