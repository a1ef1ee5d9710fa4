//! Many pages open at a time in one browser, which has six connections to a host for all of its tabs.

use anyhow::Result;
use e2e::{World, browser::visit};

#[tokio::test]
async fn each_of_many_tabs_is_up_to_date_when_one_looks_at_it() -> Result<()> {
    const TABS: usize = 8;
    let world = World::new().await?;
    visit(world.board(), async |page| {
        let path = format!("/board/zones/{}", world.zone);
        page.watch(&path).await?;
        for _ in 1..TABS {
            page.new_tab().await?;
            page.watch(&path).await?;
        }
        world.publish_courier(1).await?;
        for tab in 0..TABS {
            page.tab(tab).await?;
            page.shows("#couriers", "first_courirer").await?;
            page.live().await?;
            page.still().await?;
        }
        Ok(())
    })
    .await?;
    world.nothing_dead().await
}

#[tokio::test]
async fn tabs_that_nobody_has_looked_at_yet_hold_up_nobody() -> Result<()> {
    const TABS: usize = 8;
    let world = World::new().await?;
    visit(world.board(), async |page| {
        page.watch(&format!("/board/zones/{}", world.zone)).await?;
        for tab in 0..TABS {
            page.open_behind("nav a[href='/board/events']").await?;
            page.has_tabs(tab + 2).await?;
        }
        world.publish_courier(1).await?;
        page.shows("#couriers", "first_courirer").await?;
        page.still().await?;
        page.watch("/board/messages").await?;
        page.tab(TABS).await?;
        page.shows("h1", "Events").await?;
        page.live().await
    })
    .await?;
    world.nothing_dead().await
}
