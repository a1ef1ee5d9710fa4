//! Lists, page by page, while new rows arrive.

use anyhow::{Context as _, Result};
use dispatch_contracts::grpc::ListCourierOrdersRequest;
use e2e::{World, bus::EVENTS_TOPIC, events, rest::Api};
use serde_json::{Value, json};
use uuid::Uuid;

const ROWS: usize = 45;
/// ROWS is no multiple of it.
const LIMIT: usize = 7;

/// Walks a list to its end and does something between the pages; answers the ids in the field.
async fn walk(
    api: Api<'_>,
    path: &str,
    field: &str,
    mut between: impl AsyncFnMut() -> Result<()>,
) -> Result<Vec<Uuid>> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("{path}&limit={LIMIT}{cursor}")).await?.expect(200)?;
        let items = page["items"].as_array().context("no items")?;
        for item in items {
            ids.push(item[field].as_str().context("no id")?.parse()?);
        }
        between().await?;
        match e2e::rest::next(&page) {
            Some(token) => {
                assert_eq!(items.len(), LIMIT, "only the last page may be short");
                cursor = format!("&cursor={token}");
            }
            None => return Ok(ids),
        }
    }
}

/// Demands that all that was there is listed once, and nothing twice.
fn complete(mut listed: Vec<Uuid>, there_before: &[Uuid]) {
    assert!(there_before.iter().all(|id| listed.contains(id)), "something is left out");
    let rows = listed.len();
    listed.sort_unstable();
    listed.dedup();
    assert_eq!(listed.len(), rows, "something is listed twice");
}

async fn publish_orders(world: &World, orders: &[Uuid]) -> Result<()> {
    let bodies: Vec<_> = orders.iter().map(|order| events::order(*order, &world.zone).to_string()).collect();
    world.bus.publish_all(EVENTS_TOPIC, &bodies).await
}

#[tokio::test]
async fn the_pages_of_orders_have_each_once_while_new_ones_are_made() -> Result<()> {
    let world = World::new().await?;
    let body = json!({"details": "a", "zone": world.zone});
    let mut orders: Vec<Uuid> = Vec::new();
    for _ in 0..ROWS {
        let order = world.orders().post("/orders", &body).await?.expect(201)?;
        orders.push(order["orderId"].as_str().context("an id")?.parse()?);
    }
    for filter in ["", "&status=pending"] {
        let path = format!("/orders?zone={}{filter}", world.zone);
        let listed = walk(world.orders(), &path, "orderId", async || {
            world.orders().post("/orders", &body).await?.expect(201)?;
            Ok(())
        });
        let listed = listed.await?;
        complete(listed.clone(), &orders);
        let at = |id: &Uuid| listed.iter().position(|listed| listed == id);
        assert!(orders.windows(2).all(|pair| at(&pair[0]) > at(&pair[1])), "newest first");
    }
    // What is exactly as long as a page has no second one.
    let some = Uuid::new_v4().simple().to_string();
    for _ in 0..LIMIT {
        world.orders().post("/orders", &json!({"details": "a", "zone": some})).await?.expect(201)?;
    }
    let page = world.orders().get(&format!("/orders?zone={some}&limit={LIMIT}")).await?.expect(200)?;
    assert_eq!((page["items"].as_array().map(Vec::len), &page["nextCursor"]), (Some(LIMIT), &json!(null)));
    let none = world.orders().get(&format!("/orders?zone={some}&status=assigned")).await?.expect(200)?;
    assert_eq!(none, json!({"items": [], "nextCursor": null}));
    world.nothing_dead().await
}

#[tokio::test]
async fn orders_are_listed_by_status() -> Result<()> {
    let world = World::new().await?;
    let orders = events::ids(3);
    publish_orders(&world, &orders).await?;
    let courier = world.publish_courier(1).await?;
    world.assigned(&orders).await?;
    world.publish(&events::courier(courier, &world.zone, false)).await?;
    world.availability(courier, false).await?;
    let waiting = world.publish_order().await?;
    world.waits(waiting).await?;
    let statuses = [("assigned", orders.clone()), ("pending", vec![waiting]), ("picked_up", vec![])];
    for (status, mut expected) in statuses {
        let path = format!("/orders?zone={}&status={status}", world.zone);
        expected.sort_unstable();
        test_support::eventually(&path, || async {
            let listed = world.orders().list(&path).await?;
            assert!(listed.iter().all(|order| order["status"] == status), "{listed:?}");
            let ids = listed.iter().map(|order| Ok(order["orderId"].as_str().context("an id")?.parse()?));
            let mut ids = ids.collect::<Result<Vec<Uuid>>>()?;
            ids.sort_unstable();
            Ok((ids == expected).then_some(()))
        })
        .await?;
    }
    let theirs = |status: &str| format!("/couriers/{courier}/orders?status={status}");
    assert_eq!(world.couriers().list(&theirs("assigned")).await?.len(), orders.len());
    for status in ["pending", "picked_up", "delivered", "cancelled"] {
        assert_eq!(world.couriers().list(&theirs(status)).await?, Vec::<Value>::new(), "{status}");
    }
    world.nothing_dead().await
}

#[tokio::test]
async fn the_pages_of_couriers_have_each_once_while_new_ones_register() -> Result<()> {
    let world = World::new().await?;
    let couriers = events::ids(ROWS);
    let body = json!({"name": "a", "zone": world.zone, "isAvailable": false});
    for courier in &couriers {
        world.couriers().put(&format!("/couriers/{courier}"), &body).await?.expect(201)?;
    }
    let path = format!("/couriers?zone={}", world.zone);
    let listed = walk(world.couriers(), &path, "courierId", async || {
        world.couriers().put(&format!("/couriers/{}", Uuid::new_v4()), &body).await?.expect(201)?;
        Ok(())
    });
    let listed = listed.await?;
    assert!(listed.is_sorted(), "by their ids");
    complete(listed, &couriers);
    world.nothing_dead().await
}

#[tokio::test]
async fn the_pages_of_a_couriers_orders_have_each_once_while_new_ones_are_assigned() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let orders = events::ids(ROWS);
    publish_orders(&world, &orders).await?;
    world.assigned(&orders).await?;
    let path = format!("/couriers/{courier}/orders?status=assigned");
    let listed = walk(world.couriers(), &path, "orderId", async || {
        let order = world.publish_order().await?;
        world.assigned(&[order]).await?;
        Ok(())
    });
    complete(listed.await?, &orders);

    // The same over gRPC, each page from another instance.
    let (mut listed, mut page_token, mut times) = (Vec::new(), String::new(), Vec::new());
    loop {
        let (courier_id, page_size) = (courier.to_string(), LIMIT as u32);
        let request = ListCourierOrdersRequest { courier_id, page_size, page_token, status: 0 };
        let page = world.system.couriers().list_courier_orders(request).await?.into_inner();
        for pair in page.pairs {
            listed.push(pair.order_id.parse::<Uuid>()?);
            times.push(pair.assigned_at.map(|at| (at.seconds, at.nanos)));
        }
        let order = world.publish_order().await?;
        world.assigned(&[order]).await?;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert!(times.is_sorted_by(|a, b| a >= b), "latest first: {times:?}");
    complete(listed, &orders);
    world.nothing_dead().await
}
