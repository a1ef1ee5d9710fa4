//! What events say is text, whatever it looks like: no page makes an element of it, runs it or loads it.

use anyhow::Result;
use e2e::{
    World,
    browser::{Page, visit},
    events,
};
use serde_json::json;
use uuid::Uuid;

/// Details of an order. Every way in that it tries would change the title or leave an element behind.
const DETAILS: &str = r#"<script>document.title='owned'</script><img src=x onerror="document.title='owned'"><b class=owned>b</b>
</pre></td><svg onload=document.title='owned'><a class=owned href="javascript:document.title='owned'">a</a>{{ 7 * 7 }}${7*7}"#;
/// The name of a courier, of which there may be 100 characters.
const NAME: &str = r#"<b class=owned onclick="document.title='owned'">n</b><script>document.title='owned'</script>"#;

/// The page is what it is without: our scripts alone, no picture, none of their elements, its own title.
async fn is_unharmed(page: &Page, title: &str) -> Result<()> {
    let foreign = ".owned, img, iframe, script:not([src^='/board/assets/']), [onerror], [onload], [onclick], a[href^='javascript']";
    assert_eq!(page.count(foreign).await?, 0);
    assert_eq!(page.title().await?, format!("{title} · Dispatch"));
    Ok(())
}

#[tokio::test]
async fn details_and_names_that_are_markup_are_shown_as_text() -> Result<()> {
    let world = World::new().await?;
    let (order, courier) = (Uuid::new_v4(), Uuid::new_v4());
    let shown = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"><b class=owned>b</b> </pre></td>";
    visit(world.board(), async |page| {
        // It comes over the stream here, and with the page below.
        page.watch(&format!("/board/orders/{order}")).await?;
        let mut event = events::order(order, &world.zone);
        event["details"] = json!(DETAILS);
        world.publish(&event).await?;
        let mut event = events::courier(courier, &world.zone, true);
        event["name"] = json!(NAME);
        world.publish(&event).await?;
        page.shows("#state pre", shown).await?;
        page.shows("#decision", NAME).await?;
        page.click("#timeline summary").await?;
        page.shows("#timeline pre", "<script>document.title='owned'</script>").await?;
        page.still().await?;
        is_unharmed(page, &format!("Order {order}")).await?;
        page.watch(&format!("/board/orders/{order}")).await?;
        page.shows("#state pre", shown).await?;
        is_unharmed(page, &format!("Order {order}")).await?;

        page.watch(&format!("/board/couriers/{courier}")).await?;
        page.shows("#state dd", NAME).await?;
        page.shows(&format!("[id^='Open-{order}']"), shown).await?;
        is_unharmed(page, &format!("Courier {courier}")).await?;
        page.watch(&format!("/board/zones/{}", world.zone)).await?;
        page.shows("#couriers tbody", NAME).await?;
        is_unharmed(page, &format!("Zone {}", world.zone)).await?;
        page.watch(&format!("/board/events?zone={}", world.zone)).await?;
        page.has("#lines summary", 3).await?;
        for line in 1..=3 {
            page.click(&format!("#lines tr:nth-child({line}) summary")).await?;
        }
        page.shows("#lines pre", "</pre></td><svg onload=document.title='owned'>").await?;
        page.shows("#lines pre", "n</b><script>").await?;
        is_unharmed(page, "Events").await
    })
    .await?;
    world.nothing_dead().await
}

/// What is typed, or stands in a link that somebody was sent.
#[tokio::test]
async fn what_a_link_says_is_text_too() -> Result<()> {
    let world = World::new().await?;
    let markup = "%22%3E%3Cscript%3Edocument.title=%27owned%27%3C%2Fscript%3E%3Cb%20class=owned%3E";
    visit(world.board(), async |page| {
        page.watch(&format!("/board/events?zone={markup}&type={markup}&orderId={markup}&courierId={markup}")).await?;
        for field in ["zone", "orderId", "courierId"] {
            let value: String =
                page.ask("return document.querySelector(`main [name=${arguments[0]}]`).value", &[json!(field)]).await?;
            assert_eq!(value, "\"><script>document.title='owned'</script><b class=owned>");
        }
        page.has("main form [role=alert]", 1).await?;
        is_unharmed(page, "Events").await?;
        page.expect(markup);
        for (path, title) in [("zones", "Not Found"), ("orders", "Not Found"), ("couriers", "Not Found")] {
            page.open(&format!("/board/{path}/{markup}")).await?;
            is_unharmed(page, title).await?;
        }
        page.open(&format!("/board/search?q={markup}")).await?;
        is_unharmed(page, "Not Found").await?;
        // A page says of what was done only what it knows by itself.
        page.open(&format!("/?done={markup}&page={markup}")).await?;
        page.live().await?;
        assert_eq!(page.count(".notice").await?, 0);
        is_unharmed(page, "Overview").await
    })
    .await
}

/// Were there a hole all the same: the browser itself refuses to run what is not ours, and the console tells, which every other
/// test would fail by.
#[tokio::test]
async fn what_is_put_into_a_page_all_the_same_is_not_run_or_loaded() -> Result<()> {
    let world = World::new().await?;
    visit(world.board(), async |page| {
        page.watch("/").await?;
        let put = "document.querySelector('main').insertAdjacentHTML('beforeend', arguments[0])";
        page.run(put, &[json!("<img src=/board/assets/icon.svg onload=\"document.title='owned'\">")]).await?;
        page.complains("Executing inline event handler violates").await?;
        page.run(put, &[json!("<iframe src=/></iframe>")]).await?;
        page.complains("Framing").await?;
        page.run(put, &[json!("<img src=http://127.0.0.1:1/x>")]).await?;
        page.complains("Loading the image 'http://127.0.0.1:1/x' violates").await?;
        page.run(
            "const own = document.createElement('script'); own.text = arguments[0]; document.head.append(own)",
            &[json!("document.title = 'owned'")],
        )
        .await?;
        page.complains("Executing inline script violates").await?;
        assert_eq!(page.title().await?, "Overview · Dispatch");
        Ok(())
    })
    .await
}
