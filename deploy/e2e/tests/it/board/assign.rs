//! Assigning by hand, in a browser: behind a fold, and refused with the reason.

use anyhow::Result;
use e2e::{
    World,
    browser::{Page, visit},
    events,
};
use uuid::Uuid;

/// Unfolds the form, fills it in and sends it off.
async fn assign(page: &Page, courier: Uuid, force: bool) -> Result<()> {
    page.click("details > summary").await?;
    page.fill("form[method=post] input[name=courierId]", &courier.to_string()).await?;
    if force {
        page.click("form[method=post] input[name=force]").await?;
    }
    page.click("form[method=post] button").await
}

#[tokio::test]
async fn an_order_is_given_to_a_courier_and_a_refusal_says_why() -> Result<()> {
    let world = World::new().await?;
    let away = Uuid::new_v4();
    world.publish(&events::courier(away, &world.zone, false)).await?;
    world.availability(away, false).await?;
    let order = world.publish_order().await?;
    world.waits(order).await?;
    visit(world.board(), async |page| {
        let path = format!("/board/orders/{order}");
        page.watch(&path).await?;
        page.expect(&format!("{path}/assign - Failed to load resource: the server responded with a status of 409"));
        assign(page, away, false).await?;
        page.shows("h1", "Not assigned: ").await?;
        world.stands(order, "pending", None).await?;

        page.watch(&path).await?;
        assign(page, away, true).await?;
        page.at(&format!("{path}?done=assigned")).await?;
        page.shows(".notice", "Assigned. It is about to be published.").await?;
        page.shows("#decision", "first_courirer got it at").await?;
        page.shows("#decision strong", "manual").await?;
        page.live().await
    })
    .await?;
    world.stands(order, "assigned", Some(away)).await?;
    world.nothing_dead().await
}

/// What is no id is not even sent: the browser says so.
#[tokio::test]
async fn the_form_takes_nothing_but_an_id() -> Result<()> {
    let world = World::new().await?;
    let order = world.publish_order().await?;
    world.waits(order).await?;
    visit(world.board(), async |page| {
        page.watch(&format!("/board/orders/{order}")).await?;
        page.click("details > summary").await?;
        for text in ["", "b87261aa", "zz7261aa-2907-498e-aa24-3bce25590a46"] {
            page.fill("form[method=post] input[name=courierId]", text).await?;
            page.click("form[method=post] button").await?;
            page.still().await?;
            page.has("form[method=post] input:invalid", 1).await?;
        }
        // While somebody fills the form in, the page goes on changing, and leaves it alone.
        page.fill("form[method=post] input[name=courierId]", "b87261aa").await?;
        world.publish_courier(1).await?;
        page.shows("#state dd", "assigned").await?;
        let typed: String =
            page.ask("return document.querySelector('form[method=post] input[name=courierId]').value", &[]).await?;
        assert_eq!(typed, "b87261aa");
        page.has("details[open] form[method=post]", 1).await
    })
    .await?;
    world.nothing_dead().await
}
