//! The board without a mouse.

use anyhow::Result;
use e2e::{
    World,
    browser::{Key, Page, visit},
};
use serde_json::json;
use test_support::eventually;

/// What has the focus, as its text or its label; demands that one sees it.
async fn focused(page: &Page) -> Result<String> {
    let script = "
        const element = document.activeElement, box = element.getBoundingClientRect();
        const seems = box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
        const lined = getComputedStyle(element).outlineStyle === 'solid';
        return [element.getAttribute('aria-label') || seen(element), seems && lined];
    ";
    let (name, is_seen): (String, bool) = page.ask(script, &[]).await?;
    anyhow::ensure!(is_seen, "{name} has the focus, and nobody sees it");
    Ok(name)
}

/// Goes on by the tabulator until this has the focus; answers what had it on the way.
async fn tab_to(page: &Page, name: &str) -> Result<Vec<String>> {
    let mut passed = Vec::new();
    while passed.len() < 100 {
        page.press(Key::Tab).await?;
        let now = focused(page).await?;
        if now == name {
            return Ok(passed);
        }
        passed.push(now);
    }
    anyhow::bail!("{name} is never reached: {passed:?}")
}

#[tokio::test]
async fn the_search_the_menu_and_the_content_are_reached_and_opened_by_keys() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let (order, ..) = world.next_order().await?;
    visit(world.board(), async |page| {
        page.watch("/").await?;
        let passed = tab_to(page, "Order, courier, zone or event id").await?;
        assert_eq!(passed, ["To the content", "Dispatch", "Overview", "Messages", "Events", "API"]);
        page.write(&order.to_string()).await?;
        page.press(Key::Enter).await?;
        page.at(&format!("/board/orders/{order}")).await?;
        page.live().await?;

        // The form and the events of the timeline.
        tab_to(page, "Assign it by hand").await?;
        page.press(Key::Enter).await?;
        page.has("details[open] form[method=post]", 1).await?;
        let courier_link = courier.to_string()[..8].to_owned();
        tab_to(page, &courier_link).await?;
        page.press(Key::Enter).await?;
        page.at(&format!("/board/couriers/{courier}")).await?;
        page.live().await?;
        tab_to(page, "Events").await?;
        page.press(Key::Enter).await?;
        page.at("/board/events").await?;
        page.live().await?;

        // Past the menu to the content.
        tab_to(page, "To the content").await?;
        page.press(Key::Enter).await?;
        page.press(Key::Tab).await?;
        let is_within: bool = page.ask("return document.activeElement.closest('main') !== null", &[]).await?;
        assert!(is_within, "the skip link leads past the menu");
        Ok(())
    })
    .await?;
    world.nothing_dead().await
}

#[tokio::test]
async fn what_has_the_focus_keeps_it_while_the_page_changes() -> Result<()> {
    let world = World::new().await?;
    let first = world.publish_courier(1).await?;
    visit(world.board(), async |page| {
        page.watch(&format!("/board/zones/{}", world.zone)).await?;
        tab_to(page, &first.to_string()[..8]).await?;
        page.run("window.focusedBefore = document.activeElement", &[]).await?;
        // Who is next comes before them now.
        world.next_order().await?;
        let second = world.publish_courier(2).await?;
        page.shows("#couriers tbody tr:first-child", &second.to_string()[..8]).await?;
        page.shows("#couriers tbody tr:last-child", &first.to_string()[..8]).await?;
        eventually("the focus is where it was", || async {
            let is_same = "const now = document.activeElement;
                return now === window.focusedBefore && now.isConnected && now.href.endsWith(arguments[0])";
            Ok(page.ask::<bool>(is_same, &[json!(first)]).await?.then_some(()))
        })
        .await?;
        page.still().await
    })
    .await?;
    world.nothing_dead().await
}
