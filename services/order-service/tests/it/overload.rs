//! More than the service can do: it says so at once, stays reachable for whoever looks after it, and is well afterwards.

use std::{collections::BTreeSet, sync::Mutex, time::Duration};

use anyhow::{Context as _, Result, ensure};
use dispatch_contracts::grpc::{GetOrderRequest, order_service_client::OrderServiceClient};
use futures::future::{join_all, try_join_all};
use reqwest::{Method, StatusCode};
use serde_json::json;
use test_support::{
    ServiceProcess, TestQueue, eventually,
    http::{Answer, send},
};
use tokio::net::TcpStream;
use tonic::Code;
use uuid::Uuid;

use crate::support::World;

/// Longer than the service takes for anything. Whoever waits for so long was not answered.
const PATIENCE: Duration = Duration::from_secs(60);

async fn post(service: &ServiceProcess, path: &str, order_id: Uuid) -> Result<Answer> {
    let body = json!({"orderId": order_id, "details": "Buy", "zone": "S"});
    send(service.request(Method::POST, path).timeout(PATIENCE).json(&body)).await
}

/// The kind of a problem that says when to try again.
fn try_again(answer: &Answer) -> Result<&str> {
    let slug = answer.body["type"].as_str().context("a problem")?;
    answer.problem(503, slug)?;
    let seconds: u32 = answer.header("retry-after").with_context(|| format!("{answer:?}"))?.parse()?;
    ensure!((1..=60).contains(&seconds), "{answer:?}");
    Ok(slug)
}

async fn text(service: &ServiceProcess, path: &str) -> Result<(StatusCode, String)> {
    let answer = service.request(Method::GET, path).timeout(PATIENCE).send().await?;
    Ok((answer.status(), answer.text().await?))
}

/// Waits until an answer was counted as refused for this reason.
async fn shed(service: &ServiceProcess, reason: &str) -> Result<()> {
    let line = format!("dispatch_requests_shed_total{{reason=\"{reason}\"}}");
    eventually(&line, || async {
        let (status, metrics) = text(service, "/metrics").await?;
        ensure!(status == 200, "{status}");
        Ok(metrics.lines().any(|counted| counted.starts_with(&line) && !counted.ends_with(" 0")).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_database_that_hangs_is_told_to_each_client_and_forgotten_afterwards() -> Result<()> {
    let world = World::create().await?;
    let settings = [("DATABASE_CONNECTIONS", "4"), ("REQUEST_TIMEOUT_SECONDS", "7"), ("MAX_REQUESTS", "10")];
    let service = world.start(&settings).await?;
    let pool = world.pool().await?;
    let mut lock = pool.begin().await?;
    sqlx::query("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await?;

    // Some wait for the table until their time is over, some for a connection, and for the rest there is no place.
    let ids: Vec<_> = (0..25).map(|_| Uuid::new_v4()).collect();
    let asked = try_join_all(ids.iter().map(|id| post(&service, "/orders", *id)));
    let looked_after = async {
        shed(&service, "requests").await?;
        // Now all places are taken.
        assert_eq!(text(&service, "/livez").await?, (StatusCode::OK, "ok".to_owned()));
        anyhow::Ok(())
    };
    let (answers, ()) = tokio::try_join!(asked, looked_after)?;
    let told = answers.iter().map(try_again).collect::<Result<BTreeSet<_>>>()?;
    assert_eq!(told, BTreeSet::from(["overloaded", "timeout"]));
    for reason in ["database", "timeout"] {
        shed(&service, reason).await?;
    }

    let client = OrderServiceClient::connect(service.grpc.clone()).await?;
    let calls = ids.iter().map(|id| {
        let (mut client, request) = (client.clone(), GetOrderRequest { order_id: id.to_string() });
        async move { client.get_order(request).await.map_err(|status| status.code()).err() }
    });
    let codes: BTreeSet<_> = join_all(calls).await.into_iter().map(|code| code.map(|code| code as i32)).collect();
    let [full, hangs] = [Code::ResourceExhausted, Code::Unavailable].map(|code| Some(code as i32));
    assert_eq!(codes, BTreeSet::from([full, hangs]));

    lock.rollback().await?;
    for id in &ids {
        // Whoever was told so tries again, and makes no second order.
        let made = eventually("it is made", || async {
            let answer = post(&service, "/orders", *id).await?;
            if answer.status == 503 { try_again(&answer).map(|_| None) } else { Ok(Some(answer)) }
        });
        let made = made.await?;
        assert!([200, 201].contains(&made.status.as_u16()), "{made:?}");
    }
    let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&pool).await?;
    assert_eq!(orders as usize, ids.len());
    service.stop().await
}

#[tokio::test]
async fn nothing_is_added_to_a_full_outbox_until_it_is_published() -> Result<()> {
    let world = World::create().await?;
    let published = TestQueue::create(&world.servers).await?;
    world.topic.subscribe(&published, true).await?;
    let nowhere = "arn:aws:sns:eu-west-2:123450000001:no-such-topic";
    let service = world.start(&[("EVENTS_TOPIC_ARN", nowhere), ("MAX_OUTBOX", "3")]).await?;
    let accepted = Mutex::new(Vec::new());
    eventually("the outbox is full", || async {
        let id = Uuid::new_v4();
        let answer = post(&service, "/orders", id).await?;
        if answer.status == 201 {
            accepted.lock().ok().context("a list")?.push(id);
            return Ok(None);
        }
        assert_eq!(try_again(&answer)?, "overloaded");
        Ok(Some(()))
    })
    .await?;
    let accepted = accepted.into_inner()?;
    assert!(accepted.len() >= 3, "{accepted:?}");
    // Steps add to it as well; to read does not.
    let path = format!("/orders/{}", accepted[0]);
    assert_eq!(try_again(&post(&service, &format!("{path}/cancel"), accepted[0]).await?)?, "overloaded");
    assert_eq!(service.get(&path).await?.status, 200);
    assert!(text(&service, "/metrics").await?.1.contains("dispatch_requests_shed_total{reason=\"outbox\"} 2"));

    // An instance that knows the topic publishes what the other one could not, unless that one was faster and put it off again.
    let (mended, pool) = (world.start(&[]).await?, world.pool().await?);
    eventually("there is room again", || async {
        sqlx::query("UPDATE outbox SET due_at = '-infinity'").execute(&pool).await?;
        let answer = post(&service, &format!("{path}/cancel"), accepted[0]).await?;
        if answer.status == 503 { try_again(&answer).map(|_| None) } else { Ok(Some(())) }
    })
    .await?;
    eventually("all of it is published", || async {
        sqlx::query("UPDATE outbox SET due_at = '-infinity'").execute(&pool).await?;
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(&pool).await?;
        Ok((left == 0).then_some(()))
    })
    .await?;
    let messages = published.take_at_least(accepted.len() + 1).await?;
    let bodies: Vec<_> = messages.iter().filter_map(|message| message.body()).collect();
    for id in accepted {
        assert!(bodies.iter().any(|body| body.contains(&id.to_string())), "{id} in {bodies:?}");
    }
    mended.stop().await?;
    service.stop().await
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_health_is_not() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[("MAX_CONNECTIONS", "2")]).await?;
    let address = service.http.trim_start_matches("http://");
    let held = Mutex::new(Vec::new());
    eventually("all places are taken", || async {
        let answer = service.get("/orders").await?;
        if answer.status == 200 {
            let silent = TcpStream::connect(address).await?;
            held.lock().ok().context("a list")?.push(silent);
            return Ok(None);
        }
        assert_eq!((try_again(&answer)?, answer.header("connection")), ("overloaded", Some("close")));
        Ok(Some(()))
    })
    .await?;
    for path in ["/livez", "/metrics"] {
        assert_eq!(text(&service, path).await?.0, 200, "{path}");
    }
    // A busy machine may be too slow for one look at all that it needs.
    eventually("it is ready", || async {
        let (status, why) = text(&service, "/readyz").await?;
        assert!(status == 200 || why.contains("events_queue"), "an answer of its own: {status} {why}");
        Ok((status == 200).then_some(()))
    })
    .await?;
    drop(held);
    eventually("there is a place again", || async { Ok((service.get("/orders").await?.status == 200).then_some(())) })
        .await?;
    service.stop().await
}
