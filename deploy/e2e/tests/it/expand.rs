//! `?expand`: what one service shows of the other's. A lookup has a deadline, past which the answer says what is missing; on a
//! busy machine that may be so at first, so the tests ask until nothing is missing.

use anyhow::{Context as _, Result};
use e2e::{World, events, rest::Api};
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

/// The answer in which nothing is missing.
async fn expanded(api: Api<'_>, path: &str) -> Result<Value> {
    eventually(&format!("nothing is missing from {path}"), || async {
        let shown = api.get(path).await?.expect(200)?;
        Ok((shown["missing"] == json!([])).then_some(shown))
    })
    .await
}

#[tokio::test]
async fn each_service_shows_what_it_looks_up_at_the_other() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let orders = events::ids(3);
    for order in &orders {
        world.publish(&events::order(*order, &world.zone)).await?;
    }
    world.assigned(&orders).await?;
    let expected = eventually("courier-service knows them", || async {
        let answer = world.couriers().get(&format!("/couriers/{courier}")).await?;
        if answer.status == 404 { Ok(None) } else { answer.expect(200).map(Some) }
    })
    .await?;

    let order = orders[0];
    let plain = world.orders().get(&format!("/orders/{order}")).await?.expect(200)?;
    assert!(plain.get("courier").is_none() && plain.get("missing").is_none(), "{plain}");
    let mut with_courier = plain.clone();
    with_courier["courier"] = expected;
    with_courier["missing"] = json!([]);
    assert_eq!(expanded(world.orders(), &format!("/orders/{order}?expand=courier")).await?, with_courier);

    let pair = world.couriers().get(&format!("/orders/{order}/courier")).await?.expect(200)?;
    assert!(pair.get("order").is_none() && pair.get("missing").is_none(), "{pair}");
    let mut with_order = pair.clone();
    with_order["order"] = plain;
    with_order["missing"] = json!([]);
    assert_eq!(expanded(world.couriers(), &format!("/orders/{order}/courier?expand=order")).await?, with_order);

    let page = world.couriers().get(&format!("/couriers/{courier}/orders")).await?.expect(200)?;
    assert!(page.get("missing").is_none(), "{page}");
    let with_orders = expanded(world.couriers(), &format!("/couriers/{courier}/orders?expand=order")).await?;
    let mut plain_items = page["items"].as_array().context("items")?.clone();
    for item in &mut plain_items {
        let id: Uuid = item["orderId"].as_str().context("an id")?.parse()?;
        item["order"] = world.orders().get(&format!("/orders/{id}")).await?.expect(200)?;
    }
    assert_eq!(with_orders["items"], json!(plain_items));
    assert_eq!(plain_items.len(), orders.len());
    world.nothing_dead().await
}

#[tokio::test]
async fn there_is_nothing_to_look_up_while_nobody_has_the_order() -> Result<()> {
    let world = World::new().await?;
    let body = json!({"details": "a", "zone": world.zone});
    let made = world.orders().post("/orders", &body).await?;
    let mut expected = made.expect(201)?;
    expected["courier"] = json!(null);
    expected["missing"] = json!([]);
    let shown = world.orders().get(&format!("{}?expand=courier", made.header("location"))).await?.expect(200)?;
    assert_eq!(shown, expected);
    world.nothing_dead().await
}

/// More orders than one lookup takes by default, on one page.
#[tokio::test]
async fn a_full_page_is_looked_up() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let orders = events::ids(100);
    let bodies: Vec<_> = orders.iter().map(|order| events::order(*order, &world.zone).to_string()).collect();
    world.bus.publish_all(e2e::bus::EVENTS_TOPIC, &bodies).await?;
    world.assigned(&orders).await?;
    let path = format!("/couriers/{courier}/orders?expand=order&limit=100");
    let page = expanded(world.couriers(), &path).await?;
    let items = page["items"].as_array().context("items")?;
    assert_eq!(items.len(), orders.len());
    assert!(items.iter().all(|item| item["order"]["orderId"] == item["orderId"]), "{page}");
    world.nothing_dead().await
}
