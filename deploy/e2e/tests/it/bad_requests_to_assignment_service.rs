//! Questions to assignment-service that break their format: the answer says which field is wrong.

use anyhow::Result;
use e2e::World;
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn a_bad_question_is_refused() -> Result<()> {
    let world = World::new().await?;
    let (api, unknown) = (world.assignments(), Uuid::new_v4());
    for (field, path) in [
        ("orderId", "/orders/b87261aa/decision".to_owned()),
        ("orderId", format!("/orders/{}/decision", unknown.simple())),
        ("zone", "/zones/%7BS%7D".to_owned()),
        ("zone", "/zones/a%20b".to_owned()),
        ("zone", format!("/zones/{}", "z".repeat(65))),
        ("limit", "/zones?limit=0".to_owned()),
        ("limit", "/zones?limit=101".to_owned()),
        ("cursor", "/zones?cursor=nonsense".to_owned()),
        ("orderId", "/events?orderId=b87261aa".to_owned()),
        ("courierId", "/events?courierId=".to_owned()),
        ("limit", format!("/events?orderId={unknown}&limit=many")),
        ("cursor", format!("/events?orderId={unknown}&cursor=nonsense")),
    ] {
        api.get(&path).await?.problem(400, "invalid-request", Some(field))?;
    }
    api.get(&format!("/orders/{unknown}/decision")).await?.problem(404, "order-not-found", None)?;
    api.get(&format!("/zones/{}", world.zone)).await?.problem(404, "zone-not-found", None)?;
    let none = api.get(&format!("/events?orderId={unknown}")).await?.expect(200)?;
    assert_eq!(none, json!({"items": [], "nextCursor": null}));
    api.get("/nothing").await?.problem(404, "no-such-resource", None)?;
    api.post("/zones", &json!({})).await?.problem(405, "method-not-allowed", None)
}
