//! What whoever runs Dispatch asks it.

use anyhow::{Context as _, Result};
use e2e::{Answer, World};
#[cfg(feature = "processes")]
use e2e::{Cell, Told, cell::NOBODY};
use serde_json::{Value, json};
use test_support::eventually;

#[tokio::test]
async fn every_instance_is_live_ready_and_measured() -> Result<()> {
    let world = World::new().await?;
    let system = &world.system;
    let of_queues = ["assignments_queue", "database", "events_queue", "process"];
    let of_assignment = ["database", "events_queue", "process", "redis"];
    let courier = world.publish_courier(1).await?;
    let order = world.publish_order().await?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    for (service, needs) in
        [(&system.order, of_queues), (&system.courier, of_queues), (&system.assignment, of_assignment)]
    {
        for url in service.http.each() {
            let get = |path: &str| Answer::to(world.client().get(format!("{url}{path}")));
            assert_eq!(get("/livez").await?.status, 200);
            let all: Value = needs.iter().map(|need| ((*need).to_owned(), json!("ok"))).collect();
            ready_as(&format!("{url} is ready"), &all, || get("/readyz")).await?;
            let counted = format!("dispatch_messages_received_total{{queue=\"{}\",", queue_of(service, system));
            eventually("received messages are counted", || async {
                let metrics = get("/metrics").await?;
                assert_eq!(metrics.status, 200);
                Ok(metrics.body.lines().any(|line| line.starts_with(&counted)).then_some(()))
            })
            .await?;
        }
    }
    Ok(())
}

/// Waits until a service says this of what it needs. A busy machine may be too slow for one look.
async fn ready_as<F>(what: &str, expected: &Value, ask: impl Fn() -> F) -> Result<()>
where
    F: Future<Output = Result<Answer>>,
{
    eventually(what, || async {
        let ready = ask().await?;
        Ok((ready.status == 200 && ready.json()? == *expected).then_some(()))
    })
    .await
}

fn queue_of(service: &e2e::system::Service, system: &e2e::System) -> &'static str {
    if std::ptr::eq(service, &raw const system.order) {
        e2e::queues::ORDER_EVENTS
    } else if std::ptr::eq(service, &raw const system.courier) {
        e2e::queues::COURIER_EVENTS
    } else {
        e2e::queues::EVENTS
    }
}

#[tokio::test]
async fn the_rest_apis_document_themselves() -> Result<()> {
    let world = World::new().await?;
    let order_paths = [
        "/orders",
        "/orders/{orderId}",
        "/orders/{orderId}/cancel",
        "/orders/{orderId}/deliver",
        "/orders/{orderId}/history",
        "/orders/{orderId}/pickup",
    ];
    let courier_paths = [
        "/couriers",
        "/couriers/{courierId}",
        "/couriers/{courierId}/available",
        "/couriers/{courierId}/orders",
        "/couriers/{courierId}/orders/{orderId}/reject",
        "/couriers/{courierId}/unavailable",
        "/orders/{orderId}/courier",
    ];
    let assignment_paths =
        ["/events", "/orders/{orderId}/assign", "/orders/{orderId}/decision", "/zones", "/zones/{zone}"];
    for (service, paths) in [
        (&world.system.order, order_paths.as_slice()),
        (&world.system.courier, courier_paths.as_slice()),
        (&world.system.assignment, assignment_paths.as_slice()),
    ] {
        for url in service.http.each() {
            let docs = Answer::to(world.client().get(format!("{url}/docs"))).await?;
            assert_eq!((docs.status, docs.header("content-type")), (200, "text/html"), "{}", docs.body);
            assert!(docs.body.contains("swagger-ui"), "{}", docs.body);
            let starts = Answer::to(world.client().get(format!("{url}/docs/swagger-initializer.js"))).await?;
            assert!(starts.body.contains("/openapi.json"), "{}", starts.body);
            let spec = Answer::to(world.client().get(format!("{url}/openapi.json"))).await?.expect(200)?;
            assert!(spec["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "{spec}");
            let listed: Vec<_> = spec["paths"].as_object().context("paths")?.keys().collect();
            assert!(paths.iter().all(|path| listed.iter().any(|listed| listed == path)), "{listed:?}");
        }
    }
    Ok(())
}

#[cfg(feature = "processes")]
#[tokio::test]
async fn who_has_lost_a_queue_is_live_and_not_ready() -> Result<()> {
    let cell = Cell::new().await?;
    let process = cell.start_order_service(NOBODY).await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let get = |path: &str| Answer::to(client.get(format!("{}{path}", process.http)));
    let all = json!({"assignments_queue": "ok", "database": "ok", "events_queue": "ok", "process": "ok"});
    ready_as("it is ready", &all, || get("/readyz")).await?;
    cell.bus.sqs.delete_queue().queue_url(&cell.order_events.url).send().await?;
    eventually("it is not ready, and says that only this queue is missing", || async {
        let ready = get("/readyz").await?;
        if ready.status == 200 {
            return Ok(None);
        }
        let mut why = ready.expect(503)?;
        let names_it = why["events_queue"].as_str().is_some_and(|why| why.contains(&cell.order_events.name));
        why["events_queue"] = json!("ok");
        Ok((names_it && why == all).then_some(()))
    })
    .await?;
    assert_eq!(get("/livez").await?.status, 200);
    process.stop().await
}

#[cfg(feature = "processes")]
#[tokio::test]
async fn an_operator_asks_the_process_of_the_machine() -> Result<()> {
    let cell = Cell::new().await?;
    let process = cell.start_order_service(NOBODY).await?;
    let address = process.http.trim_start_matches("http://").to_owned();
    let settings = [("HTTP_ADDR", address.as_str())];
    let ask = async |arguments: &[&str]| Told::by("order-service", &settings, arguments).await;
    let told = ask(&["healthcheck"]).await?;
    assert_eq!((told.code, told.results.as_str()), (Some(0), ""), "{told:?}");
    let told = eventually("it is ready", || async {
        let told = ask(&["healthcheck", "--ready"]).await?;
        Ok((told.code == Some(0)).then_some(told))
    })
    .await?;
    assert_eq!(told.results, "", "{told:?}");
    assert_eq!(ask(&["log-level"]).await?.results, "error\n");
    assert_eq!(ask(&["log-level", "error,messaging=off"]).await?.code, Some(0));
    assert_eq!(ask(&["log-level"]).await?.results, "messaging=off,error\n");
    let refused = ask(&["log-level", "error,messaging=loud"]).await?;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.notes.contains("must be directives"), "{refused:?}");
    assert_eq!(ask(&["log-level"]).await?.results, "messaging=off,error\n");

    // Not for somebody else.
    let client = reqwest::Client::builder().no_proxy().build()?;
    let put = client.put(format!("{}/log-level", process.http)).header("x-forwarded-for", "192.0.2.1").body("trace");
    assert_eq!(Answer::to(put).await?.status, 403);
    assert_eq!(ask(&["log-level"]).await?.results, "messaging=off,error\n");

    // It lives, and cannot work.
    cell.bus.sqs.delete_queue().queue_url(&cell.order_events.url).send().await?;
    eventually("it is not ready", || async {
        Ok((ask(&["healthcheck", "--ready"]).await?.code == Some(1)).then_some(()))
    })
    .await?;
    assert_eq!(ask(&["healthcheck"]).await?.code, Some(0));
    process.stop().await?;
    let told = ask(&["healthcheck"]).await?;
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.notes.contains("does not answer"), "{told:?}");
    Ok(())
}
