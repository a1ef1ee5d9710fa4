//! The page of messages, in a browser: what passed through each queue, raw, and dead letters, with what one can do about them. On queues
//! of a test's own: a look at dead letters hides them from others for a moment.

use anyhow::Result;
use aws_sdk_sqs::types::MessageAttributeValue;
use e2e::{
    Cell,
    browser::{Page, visit},
    events::{self, POISON},
};
use serde_json::json;
use test_support::{TestQueue, eventually, queues::Depth};
use uuid::Uuid;

use super::accessibility::inspect;

fn path(queue: &TestQueue) -> String {
    format!("/board/messages?queue={}", queue.name)
}

#[tokio::test]
async fn what_passes_through_each_queue_appears_raw_and_with_what_became_of_it() -> Result<()> {
    let cell = Cell::new().await?;
    let processes = cell.start_all().await?;
    let world = processes.world(&cell).await?;
    visit(&processes.assignment.http, async |page| {
        // The queue of decisions comes first.
        page.watch("/board/messages").await?;
        page.shows("h1", &format!("Messages of {}", cell.assignments.name)).await?;
        page.has("nav a[href='/board/messages'][aria-current=page]", 1).await?;
        page.shows("#passed", &format!("Nothing has passed through {} yet.", cell.assignments.name)).await?;
        page.shows("#dead", "Dead letters: 0 None.").await?;
        let courier = world.publish_courier(1).await?;
        let (order, ..) = world.next_order().await?;
        page.shows("#passed tbody tr", "OrderAssigned handled").await?;
        page.has("#passed tbody tr", 1).await?;
        page.click("#passed summary").await?;
        for text in [format!("\"orderId\":\"{order}\""), format!("\"courierId\":\"{courier}\"")] {
            page.shows("#passed pre", &text).await?;
        }
        let attributes = page.texts("#passed dl.attributes dt").await?;
        assert_eq!(attributes, ["eventId", "eventType", "traceparent"]);
        page.shows("#passed details", "received 1 time, by courier-service").await?;
        // What is being read stays what it is when others come.
        world.next_order().await?;
        page.has("#passed tbody tr", 2).await?;
        page.has("#passed details[open]", 1).await?;
        page.shows("#passed details[open] pre", &format!("\"orderId\":\"{order}\"")).await?;
        page.still().await?;

        for (queue, kinds) in [
            (&cell.order_assignments, &["OrderAssigned"][..]),
            (&cell.events, &["AddOrder", "AddCourier"]),
            (&cell.order_events, &["AddOrder"]),
            (&cell.courier_events, &["AddCourier"]),
        ] {
            page.follow(&format!("nav[aria-label=Queues] a[href$='{}']", queue.name)).await?;
            page.at(&path(queue)).await?;
            page.live().await?;
            for kind in kinds {
                page.shows("#passed tbody tr", &format!("{kind} handled")).await?;
            }
        }
        page.expect("Failed to load resource: the server responded with a status of 404");
        page.open("/board/messages?queue=nobodys").await?;
        page.shows("h1", "The board does not show such a queue.").await
    })
    .await?;
    cell.quiet().await?;
    processes.stop().await
}

/// Puts an order that can be handled into a dead-letter queue, as a version that could not read it would have.
async fn bury(queue: &TestQueue, body: &str, reason: &str) -> Result<()> {
    let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build()?;
    let call = queue.sqs.send_message().queue_url(&queue.dlq_url).message_body(body);
    call.message_attributes("failureReason", reason).send().await?;
    Ok(())
}

async fn dead(queue: &TestQueue) -> Result<Depth> {
    test_support::queues::depth(&queue.sqs, &queue.dlq_url).await
}

/// Unfolds what is about all of them, and presses a button there, with or without the box.
async fn all_of_them(page: &Page, action: &str, is_sure: bool) -> Result<()> {
    if page.count("main details.card[open]").await? == 0 {
        page.click("main details.card > summary").await?;
    }
    let form = format!("form[action='/board/messages/{action}']:not([hidden])");
    if is_sure {
        page.click(&format!("{form} input[name=sure]")).await?;
    }
    page.click(&format!("{form} button")).await
}

#[tokio::test]
async fn dead_letters_are_shown_with_their_reason_redriven_one_by_one_or_all_and_purged() -> Result<()> {
    let cell = Cell::new().await?;
    let processes = cell.start_all().await?;
    let world = processes.world(&cell).await?;
    let poison = format!("{POISON} <script>document.title='owned'</script>{}", "w".repeat(400));
    let (order, courier) = (Uuid::new_v4(), Uuid::new_v4());
    visit(&processes.assignment.http, async |page| {
        page.watch(&path(&cell.events)).await?;
        page.shows("#dead", "Dead letters: 0 None.").await?;
        world.bus.publish(&cell.events_topic.arn, &poison, &[("eventType", "AddOrder")]).await?;
        page.shows("#dead h2", "Dead letters: 1").await?;
        page.shows("#dead tbody tr", "AddOrder not JSON: ").await?;
        page.shows("#passed tbody tr", "quarantined not JSON: ").await?;
        page.click("#dead summary").await?;
        page.shows("#dead pre", "<script>document.title='owned'</script>").await?;
        page.shows("#dead dl.attributes", "failureReason").await?;

        // What can be handled now goes back alone, and is.
        bury(&cell.events, &events::order(order, &world.zone).to_string(), "a version <b>that could not</b>").await?;
        page.shows("#dead h2", "Dead letters: 2").await?;
        page.shows("#dead tbody tr", "a version <b>that could not</b>").await?;
        assert_eq!(page.count("#dead b, #dead script").await?, 0);
        assert_eq!(page.title().await?, format!("Messages of {} · Dispatch", cell.events.name));
        page.still().await?;
        let rows: Vec<String> = page.texts("#dead tbody tr").await?;
        let row = 1 + usize::from(!rows[0].contains("a version"));
        let action = format!("#dead tbody tr:nth-child({row}) td:last-child");
        page.click(&format!("{action} summary")).await?;
        page.click(&format!("{action} button")).await?;
        page.shows(".notice", "Redriven. What fails again comes back here.").await?;
        page.shows("#dead h2", "Dead letters: 1").await?;
        world.publish(&events::courier(courier, &world.zone, true)).await?;
        // It was only assignment-service that had not heard of it.
        eventually("it is assigned", || async {
            Ok(world.assignment(order).await?.filter(|assignment| assignment.courier_id() == courier.to_string()))
        })
        .await?;

        // The overview says that something is dead, and leads there.
        page.watch("/").await?;
        let link = format!("#queues a[href='{}#dead']", path(&cell.events));
        page.shows(&link, "1").await?;
        page.follow(&link).await?;
        page.live().await?;

        // All of them, if one is sure: without the box nothing is sent.
        page.watch(&path(&cell.events)).await?;
        all_of_them(page, "redrive", false).await?;
        page.still().await?;
        all_of_them(page, "redrive", true).await?;
        page.shows(".notice", "Redriven.").await?;
        // It fails again.
        page.shows("#passed tbody tr:first-child", "quarantined").await?;
        page.shows("#dead h2", "Dead letters: 1").await?;
        page.watch(&path(&cell.events)).await?;
        all_of_them(page, "purge", false).await?;
        page.still().await?;
        // A look may hold it for a moment.
        let one = Depth { visible: 1, ..Depth::EMPTY };
        eventually("it lies there", || async { Ok((dead(&cell.events).await? == one).then_some(())) }).await?;
        all_of_them(page, "purge", true).await?;
        page.shows(".notice", "Purged.").await?;
        page.shows("#dead", "Dead letters: 0 None.").await
    })
    .await?;
    cell.events.drained().await?;
    assert_eq!(dead(&cell.events).await?, Depth::EMPTY);
    processes.stop().await
}

#[tokio::test]
async fn nothing_serious_is_found_on_it_and_it_fits_a_phone() -> Result<()> {
    let cell = Cell::new().await?;
    let processes = cell.start_all().await?;
    let world = processes.world(&cell).await?;
    let mut event = events::order(Uuid::new_v4(), &world.zone);
    event["details"] = json!("w".repeat(1_000));
    world.publish(&event).await?;
    bury(&cell.events, &format!("{POISON} {}", "w".repeat(1_000)), &"w".repeat(1_000)).await?;
    visit(&processes.assignment.http, async |page| {
        page.open(&path(&cell.events)).await?;
        page.shows("#passed tbody tr", "AddOrder").await?;
        inspect(page, &path(&cell.events), "#dead tbody tr").await?;
        inspect(page, &format!("{}&done=purged", path(&cell.courier_events)), ".notice").await
    })
    .await?;
    processes.stop().await
}

/// Each service tells of its own queues. While one does not, the rest is shown, and what is not.
#[tokio::test]
async fn the_queues_of_a_service_that_does_not_answer_are_said_to_be_unknown() -> Result<()> {
    let cell = Cell::new().await?;
    let assignment = cell.start_assignment_service().await?;
    visit(&assignment.http, async |page| {
        page.watch(&path(&cell.events)).await?;
        page.shows("#passed", "Nothing has passed through").await?;
        page.watch(&path(&cell.assignments)).await?;
        let why = "the service that consumes this queue does not tell";
        page.shows("#passed", &format!("This cannot be shown now: {why}")).await?;
        page.shows(".trouble", why).await?;
        page.shows("#dead", "Dead letters: 0").await
    })
    .await?;
    assignment.stop().await
}
