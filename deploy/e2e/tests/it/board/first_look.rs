//! What somebody sees who has just started Dispatch and knows no more than the README: an empty system, and then the two
//! commands.

use anyhow::Result;
use e2e::{
    Cell, aws_cli,
    browser::{Page, visit},
    bus::EVENTS_TOPIC,
};
use test_support::{Valkey, eventually};

use crate::seed;

/// Nothing has happened: each page says what it would show.
async fn is_empty(page: &Page) -> Result<()> {
    page.watch("/").await?;
    page.shows("#totals", "Nothing has happened yet. Publish a courier and an order, and they appear here.").await?;
    assert_eq!(page.texts("#totals dd").await?, ["0", "none", "0", "0", "0"]);
    page.shows("#zones", "No event has named a zone yet.").await?;
    page.shows("#pace figcaption", "Assignments a second: 0.0 over the last minute, 0.0 at most").await?;
    page.shows("#pace figcaption", "p50 none, p99 none").await?;
    all_end_with(page, "#queues tbody tr", 5, "0 0 empty 0 0 empty").await?;
    all_end_with(page, "#services li", 6, " answers").await?;

    page.watch("/board/events").await?;
    page.shows("#lines", "Nothing.").await?;
    page.expect("/board/search?q=S - Failed to load resource: the server responded with a status of 404");
    page.fill("[role=search] input", "S").await?;
    page.follow("[role=search] button").await?;
    page.shows("h1", "No event has named such an order, courier or zone").await?;
    page.follow("main a").await?;
    page.at("/").await
}

/// Waits until there are so many of these, and each ends with this.
async fn all_end_with(page: &Page, css: &str, count: usize, end: &str) -> Result<()> {
    eventually(&format!("{count} {css} end with {end}"), || async {
        let texts = page.texts(css).await?;
        Ok((texts.len() == count && texts.iter().all(|text| text.ends_with(end))).then_some(()))
    })
    .await
}

/// Four tabs, each of a page that is about to change.
async fn the_seed_appears(page: &Page, cell: &Cell) -> Result<()> {
    let (courier, order) = (seed::COURIER, seed::ORDER);
    let paths = ["/", "/board/zones/S", &format!("/board/orders/{order}"), &format!("/board/couriers/{courier}")];
    for (tab, path) in paths.iter().enumerate() {
        if tab > 0 {
            page.new_tab().await?;
        }
        page.watch(path).await?;
    }
    page.shows("#state", "No event has named this courier yet.").await?;
    page.tab(2).await?;
    page.shows("#state", "No AddOrder has named this order yet.").await?;
    page.tab(1).await?;
    page.shows("#counts", "No event has named this zone yet.").await?;

    let commands = seed::commands()?.replace(EVENTS_TOPIC, &cell.events_topic.arn);
    assert_eq!(aws_cli::paste(&cell.servers, &commands).await?.len(), 2);
    page.shows(&format!("#courier-{courier}"), "first_courirer yes 1").await?;
    page.shows("#decisions tbody tr", "OrderAssigned").await?;
    page.still().await?;
    page.tab(0).await?;
    page.shows("#zone-S", "nothing waits 1 of 1 couriers available 1 open order").await?;
    page.has("#totals p", 0).await?;
    eventually("the totals count them", || async {
        Ok((page.texts("#totals dd").await? == ["0", "none", "1", "1", "1"]).then_some(()))
    })
    .await?;
    page.shows_no("#pace figcaption", "Assignments a second: 0.0 over").await?;
    page.still().await?;
    page.tab(2).await?;
    page.shows("#state pre", "Buy something").await?;
    page.shows("#decision", "first_courirer got it at").await?;
    page.still().await?;
    page.tab(3).await?;
    page.shows("#state dd", "first_courirer").await?;
    page.shows(&format!("[id^='Open-{order}']"), "Buy something assigned").await?;
    page.still().await
}

#[tokio::test]
async fn an_empty_system_says_so_and_the_seeds_two_commands_appear_on_every_page_without_a_reload() -> Result<()> {
    let cell = Cell::new().await?;
    // The zone of the seed is that of another test, too.
    let redis = Valkey::start(&[]).await?;
    let processes = cell.start_all_with(&[("REDIS_URL", &redis.url())]).await?;
    visit(&processes.assignment.http, async |page| {
        is_empty(page).await?;
        the_seed_appears(page, &cell).await
    })
    .await?;
    cell.quiet().await?;
    processes.stop().await
}
