//! The page of events, in a browser: a live tail, and each of its filters.

use anyhow::Result;
use e2e::{
    World,
    browser::{Page, visit},
    events,
};
use serde_json::json;
use test_support::eventually;
use uuid::Uuid;

/// Types of the lines with the order that each is about, the newest first.
async fn lines(page: &Page) -> Result<Vec<(String, String)>> {
    let script = "return [...document.querySelectorAll('#lines tbody tr')].map((row) => [seen(row.cells[1]), seen(row.cells[3])])";
    page.ask(script, &[]).await
}

/// Waits until there are as many lines as these, and demands that it is these: a new one is shown when nothing before it can
/// be committed any more.
async fn has_lines(page: &Page, expected: &[(String, String)]) -> Result<()> {
    page.has("#lines tbody tr", expected.len()).await?;
    assert_eq!(lines(page).await?, expected);
    Ok(())
}

fn line(kind: &str, order: Option<Uuid>) -> (String, String) {
    (kind.to_owned(), order.map(|order| order.to_string()[..8].to_owned()).unwrap_or_default())
}

/// Fills the form in, and shows what it chooses.
async fn choose(page: &Page, fields: &[(&str, &str)]) -> Result<()> {
    page.open("/board/events").await?;
    for (name, text) in fields {
        let field = format!("main form [name={name}]");
        if *name == "type" { page.select(&field, text).await? } else { page.fill(&field, text).await? }
    }
    page.follow("main form button").await?;
    page.live().await
}

#[tokio::test]
async fn each_filter_chooses_its_lines_and_a_new_one_appears_by_itself() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let (order, ..) = world.next_order().await?;
    let (other, ..) = world.next_order().await?;
    world.publish(&events::step("OrderPickedUp", other)).await?;
    world.stands(other, "picked_up", Some(courier)).await?;
    let (zone, order_id, courier_id) = (world.zone.as_str(), order.to_string(), courier.to_string());
    visit(world.board(), async |page| {
        // Steps name no zone: they are of that of their order.
        choose(page, &[("zone", zone)]).await?;
        let all_of_zone = [
            line("OrderPickedUp", Some(other)),
            line("OrderAssigned", Some(other)),
            line("AddOrder", Some(other)),
            line("OrderAssigned", Some(order)),
            line("AddOrder", Some(order)),
            line("AddCourier", None),
        ];
        has_lines(page, &all_of_zone).await?;
        let of_zone = &all_of_zone[1..];
        page.shows("#lines", "Looked for among the newest 20000 events.").await?;

        choose(page, &[("orderId", &order_id)]).await?;
        has_lines(page, &of_zone[2..4]).await?;
        choose(page, &[("courierId", &courier_id)]).await?;
        has_lines(page, &[&of_zone[0], &of_zone[2], &of_zone[4]].map(Clone::clone)).await?;
        choose(page, &[("zone", zone), ("type", "AddOrder")]).await?;
        has_lines(page, &[&of_zone[1], &of_zone[3]].map(Clone::clone)).await?;
        choose(page, &[("type", "AddOrder"), ("courierId", &courier_id)]).await?;
        page.shows("#lines", "Nothing.").await?;
        choose(page, &[("orderId", "b87261aa")]).await?;
        page.shows("main form [role=alert]", "This is no order id.").await?;
        page.shows("#lines", "Nothing.").await?;

        // What was chosen stands in the URL, which may be kept and passed on.
        choose(page, &[("zone", zone), ("type", "OrderAssigned"), ("orderId", &order_id), ("courierId", &courier_id)])
            .await?;
        let path = format!("/board/events?zone={zone}&type=OrderAssigned&orderId={order}&courierId={courier}");
        assert_eq!(page.path().await?, path);
        let chosen: Vec<String> =
            page.ask("return [...document.forms[1].elements].map((field) => field.value)", &[]).await?;
        assert_eq!(chosen[..4], [zone, "OrderAssigned", &order_id, &courier_id]);
        has_lines(page, &of_zone[2..3]).await?;
        // A new line of it comes by itself; those that are not chosen do not.
        page.watch(&path).await?;
        let second = world.publish_courier(2).await?;
        for taker in [second, courier] {
            let body = json!({"courierId": taker});
            world.assignments().post(&format!("/orders/{order}/assign"), &body).await?.expect(202)?;
        }
        page.has("#lines tbody tr", 2).await?;
        page.still().await
    })
    .await?;
    world.nothing_dead().await
}

/// Without a filter: among all that happens in the system, a line of this test comes by. So much may happen elsewhere that it is
/// gone before anybody can look; then there is another one.
#[tokio::test]
async fn the_tail_of_everything_is_live() -> Result<()> {
    let world = World::new().await?;
    let event = events::courier(Uuid::new_v4(), &world.zone, true);
    visit(world.board(), async |page| {
        page.open("/").await?;
        page.follow("nav a[href='/board/events']").await?;
        page.has("nav a[href='/board/events'][aria-current=page]", 1).await?;
        page.watch("/board/events").await?;
        let link = format!("#lines tbody a[href='/board/zones/{}']", world.zone);
        eventually("a line of this test comes by", || async {
            world.publish(&event).await?;
            Ok((page.count(&link).await? > 0).then_some(()))
        })
        .await?;
        assert!(page.count("#lines tbody tr").await? <= 100);
        page.still().await
    })
    .await
}
