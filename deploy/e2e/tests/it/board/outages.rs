//! What the board shows while something is gone, in a browser: the service itself, the network, Redis, the other services.

use anyhow::Result;
use e2e::{
    Cell, Gateway,
    browser::visit,
    cell::{NOBODY, Processes},
    events,
};
use test_support::Valkey;

const LOST: &str = "Connection lost, trying again";

/// What a browser says of requests that nobody answers, or not to their end, in many words. Only these tests cause any.
const UNANSWERED: &str = "Failed to load resource: net::ERR_";

#[tokio::test]
async fn a_page_says_that_the_connection_is_lost_and_recovers_with_what_happened_meanwhile() -> Result<()> {
    let cell = Cell::new().await?;
    let mut processes = cell.start_all().await?;
    let gateway = Gateway::before(&processes.assignment.http).await?;
    let world = processes.world(&cell).await?;
    let order = world.publish_order().await?;
    world.waits(order).await?;
    visit(&gateway.http, async |page| {
        page.expect(UNANSWERED);
        page.watch(&format!("/board/orders/{order}")).await?;
        page.shows("#state dd", "pending").await?;
        processes.assignment.signal("KILL").await?;
        processes.assignment.exited().await?;
        page.shows("#connection[data-state=lost]", LOST).await?;
        // What was known is still there.
        page.shows("#state dd", "pending").await?;
        cell.bus
            .publish(&cell.events_topic.arn, &events::courier(uuid::Uuid::new_v4(), &world.zone, true).to_string(), &[])
            .await?;
        let others = [
            ("ORDER_SERVICE_GRPC_URL", processes.order.grpc.as_str()),
            ("COURIER_SERVICE_GRPC_URL", &processes.courier.grpc),
        ];
        processes.assignment = cell.start_assignment_service_with(&others).await?;
        gateway.lead_to(&processes.assignment.http)?;
        page.live().await?;
        page.shows("#state dd", "assigned").await?;
        page.shows("#decision", "first_courirer got it at").await?;
        page.still().await
    })
    .await?;
    processes.stop().await
}

/// A connection may die without a word: a machine that sleeps, a network that forgets. Only silence tells.
#[tokio::test]
async fn a_connection_that_falls_silent_is_said_to_be_lost_and_is_made_anew() -> Result<()> {
    let cell = Cell::new().await?;
    let processes = cell.start_all().await?;
    let gateway = Gateway::before(&processes.assignment.http).await?;
    let world = processes.world(&cell).await?;
    visit(&gateway.http, async |page| {
        page.expect(UNANSWERED);
        page.watch(&format!("/board/zones/{}", world.zone)).await?;
        gateway.forget();
        page.shows("#connection[data-state=lost]", LOST).await?;
        world.publish_courier(1).await?;
        page.live().await?;
        page.shows("#couriers", "first_courirer").await?;
        page.still().await
    })
    .await?;
    processes.stop().await
}

#[tokio::test]
async fn without_redis_the_pages_still_answer_and_the_overview_says_that_it_does_not() -> Result<()> {
    let cell = Cell::new().await?;
    let mut redis = Valkey::start(&[]).await?;
    let processes = cell.start_all_with(&[("REDIS_URL", &redis.url())]).await?;
    let world = processes.world(&cell).await?;
    let courier = world.publish_courier(1).await?;
    let (order, ..) = world.next_order().await?;
    visit(&processes.assignment.http, async |page| {
        page.watch("/").await?;
        page.shows("#services li", "Redis answers").await?;
        redis.kill();
        page.shows("#services li", "Redis does not answer").await?;
        for server in ["PostgreSQL", "SNS and SQS", "assignment-service", "order-service", "courier-service"] {
            page.shows("#services li", &format!("{server} answers")).await?;
        }
        page.shows(&format!("#zone-{}", world.zone), "1 of 1 couriers available").await?;
        page.still().await?;
        for (path, css, text) in [
            (format!("/board/zones/{}", world.zone), "#couriers", "first_courirer"),
            (format!("/board/orders/{order}"), "#decision", "first_courirer got it at"),
            (format!("/board/couriers/{courier}"), "#work", "Buy something"),
            (format!("/board/events?zone={}", world.zone), "#lines", "OrderAssigned"),
        ] {
            page.watch(&path).await?;
            page.shows(css, text).await?;
        }
        page.watch("/").await?;
        redis.replace().await?;
        page.shows("#services li", "Redis answers").await?;
        page.still().await
    })
    .await?;
    processes.stop().await
}

/// Names and details are of others: without them the rest is shown, and what is missing is said.
#[tokio::test]
async fn without_the_other_services_their_part_is_said_to_be_missing_until_they_are_back() -> Result<()> {
    let cell = Cell::new().await?;
    let (order_service, courier_service) =
        tokio::try_join!(cell.start_order_service(NOBODY), cell.start_courier_service(NOBODY))?;
    let orders = Gateway::before(&order_service.grpc).await?;
    let couriers = Gateway::before(&courier_service.grpc).await?;
    orders.lead_to(NOBODY)?;
    couriers.lead_to(NOBODY)?;
    let others = [("ORDER_SERVICE_GRPC_URL", orders.http.as_str()), ("COURIER_SERVICE_GRPC_URL", &couriers.http)];
    let assignment = cell.start_assignment_service_with(&others).await?;
    let processes = Processes { order: order_service, courier: courier_service, assignment };
    let world = processes.world(&cell).await?;
    let courier = world.publish_courier(1).await?;
    let (order, ..) = world.next_order().await?;
    visit(&processes.assignment.http, async |page| {
        page.watch(&format!("/board/couriers/{courier}")).await?;
        page.shows("#state", "Their name cannot be looked up: courier-service does not answer.").await?;
        page.shows("#state dd", "unknown").await?;
        page.shows("#work", "Details cannot be looked up: order-service does not answer.").await?;
        page.shows(&format!("[id^='Open-{order}']"), "assigned").await?;
        couriers.lead_to(&processes.courier.grpc)?;
        page.shows("#state dd", "first_courirer").await?;
        page.shows_no("#state", "cannot be looked up").await?;
        page.still().await?;
        page.watch(&format!("/board/orders/{order}")).await?;
        page.shows("#state", "Its details cannot be looked up: order-service does not answer.").await?;
        orders.lead_to(&processes.order.grpc)?;
        page.shows("#state pre", "Buy something").await?;
        page.shows_no("#state", "cannot be looked up").await?;
        page.still().await
    })
    .await?;
    processes.stop().await
}
