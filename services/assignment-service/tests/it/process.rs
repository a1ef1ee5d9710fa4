//! The real binary between the real queue and the real topic.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::{Context as _, Result};
use assignment_service::facts::MIGRATIONS;
use dispatch_contracts::grpc::{
    GetAssignmentRequest, GetCourierLoadRequest, GetZoneRequest, OrderStatus,
    assignment_service_client::AssignmentServiceClient,
};
use lookup::{Messages, MessagesError};
use messaging::outbox;
use sqlx::PgPool;
use test_support::{Servers, ServiceProcess, TestQueue, TestTopic, database, eventually, unique};
use trace::TraceParent;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) struct World {
    servers: Servers,
    pub(crate) events: TestQueue,
    assignments: TestQueue,
    topic: TestTopic,
    database_url: String,
    pool: PgPool,
    pub(crate) zone: String,
}

impl World {
    pub(crate) async fn new() -> Result<Self> {
        let servers = Servers::from_env()?;
        let assignments = TestQueue::create(&servers).await?;
        let topic = TestTopic::create(&servers).await?;
        topic.subscribe(&assignments, true).await?;
        let database_url = database::create(&servers).await?;
        let pool = PgPool::connect(&database_url).await?;
        outbox::with_migrations(&MIGRATIONS).run(&pool).await?;
        let events = TestQueue::create(&servers).await?;
        Ok(Self { servers, events, assignments, topic, database_url, pool, zone: unique::name("zone") })
    }

    pub(crate) async fn start(&self) -> Result<ServiceProcess> {
        let settings = [
            ("DATABASE_URL", self.database_url.as_str()),
            ("REDIS_URL", &self.servers.redis_url),
            ("EVENTS_QUEUE", &self.events.name),
            ("ASSIGNMENT_TOPIC_ARN", &self.topic.arn),
            ("SWEEP_INTERVAL_SECONDS", "1"),
            ("VISIBILITY_TIMEOUT_SECONDS", "2"),
        ];
        ServiceProcess::start(env!("CARGO_BIN_EXE_assignment-service"), &self.servers, &settings).await
    }

    pub(crate) fn courier(&self, id: Uuid) -> String {
        format!(r#"{{"courierId":"{id}","name":"a","zone":"{}","isAvailable":true}}"#, self.zone)
    }

    pub(crate) fn order(&self, id: Uuid) -> String {
        let zone = &self.zone;
        format!(r#"{{"orderId":"{id}","details":"b","zone":"{zone}","addedAt":"2021-07-18T10:22:10.170682Z"}}"#)
    }

    /// Reads assignments from the topic until there are as many different orders; answers how often each came.
    async fn assignments(&self, orders: usize) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let seen = std::sync::Mutex::new(&mut seen);
        eventually("the assignments are published", || async {
            for message in self.assignments.take().await? {
                let event: serde_json::Value = serde_json::from_str(message.body().context("a body")?)?;
                assert_eq!(event["type"], "OrderAssigned");
                let text = |field: &str| event[field].as_str().map(str::to_owned).context("a text");
                let mut seen = seen.lock().map_err(|_| anyhow::anyhow!("poisoned"))?;
                // The same event may come twice; another one would be another assignment.
                let assignment = format!("{} by {}", text("courierId")?, text("eventId")?);
                seen.entry(text("orderId")?).or_default().insert(assignment);
            }
            let seen = seen.lock().map_err(|_| anyhow::anyhow!("poisoned"))?;
            Ok((seen.len() >= orders).then(|| seen.clone()))
        })
        .await
    }

    /// Each order with one courier, in the facts as on the topic; nothing left anywhere.
    async fn settled(&self, orders: &BTreeSet<String>) -> Result<()> {
        let published = self.assignments(orders.len()).await?;
        assert_eq!(published.keys().cloned().collect::<BTreeSet<_>>(), *orders);
        assert!(published.values().all(|assignments| assignments.len() == 1), "{published:?}");
        self.events.drained().await?;
        assert_eq!(self.events.dead_letters().await?.len(), 0);
        let assigned: i64 =
            sqlx::query_scalar("SELECT count(*) FROM orders WHERE status = 'assigned'").fetch_one(&self.pool).await?;
        assert_eq!(assigned, orders.len() as i64);
        database::outbox_emptied(&self.pool).await
    }
}

#[tokio::test]
async fn the_two_seed_events_lead_to_an_assignment() -> Result<()> {
    let world = World::new().await?;
    let service = world.start().await?;
    let (courier, order) = (Uuid::new_v4(), Uuid::new_v4());
    world.events.send(&[world.courier(courier), world.order(order)]).await?;
    let published = world.assignments(1).await?;
    let assignment = published[&order.to_string()].first().context("an assignment")?;
    assert!(assignment.starts_with(&courier.to_string()), "{published:?}");

    let mut grpc = AssignmentServiceClient::connect(service.grpc.clone()).await?;
    let found = grpc.get_assignment(GetAssignmentRequest { order_id: order.to_string() }).await?.into_inner();
    let assignment = found.assignment.context("an assignment")?;
    assert_eq!((assignment.status(), assignment.courier_id()), (OrderStatus::Assigned, courier.to_string().as_str()));
    let load = grpc.get_courier_load(GetCourierLoadRequest { courier_id: courier.to_string() }).await?.into_inner();
    assert_eq!(load.load.context("a load")?.open_orders, 1);
    let zone = grpc.get_zone(GetZoneRequest { zone: world.zone.clone() }).await?.into_inner();
    assert_eq!((zone.available_couriers, zone.waiting_orders, zone.couriers.len()), (1, 0, 1));
    for (code, zone) in [(tonic::Code::NotFound, "nowhere"), (tonic::Code::InvalidArgument, "{}")] {
        let status = grpc.get_zone(GetZoneRequest { zone: zone.to_owned() }).await.err().context("an error")?;
        assert_eq!(status.code(), code);
    }
    let messages = Messages::new("assignment-service", &service.grpc.parse()?, PATIENCE);
    eventually("what passed is listed", || async {
        // A look that takes too long is given up, by design.
        let listed = match messages.list(&world.events.name, 100, TraceParent::start()).await {
            Err(MessagesError::NoAnswer(_)) => return Ok(None),
            listed => listed?,
        };
        Ok(listed.iter().any(|message| message.body == world.order(order)).then_some(()))
    })
    .await?;
    service.stop().await
}

#[tokio::test]
async fn poison_is_quarantined_at_once_and_its_neighbours_are_not() -> Result<()> {
    let world = World::new().await?;
    let service = world.start().await?;
    let order = Uuid::new_v4();
    let zone = &world.zone;
    let long = "x".repeat(4097);
    let poison = [
        "hello".to_owned(),
        "[]".to_owned(),
        "x".repeat(200 * 1024),
        world.order(order).replace(&order.to_string(), "no-uuid"),
        world.order(order).replace(zone, ""),
        world.order(order).replace(zone, "{a}"),
        world.order(order).replace(zone, &"z".repeat(65)),
        world.order(order).replace("\"b\"", &format!("\"{long}\"")),
        world.order(order).replace("\"b\"", "7"),
    ];
    let mut bodies = vec![world.courier(Uuid::new_v4()), r#"{"type":"OrderPainted"}"#.to_owned()];
    bodies.extend(poison.iter().cloned());
    bodies.push(world.order(order));
    for body in &bodies {
        world.events.send(std::slice::from_ref(body)).await?;
    }
    assert_eq!(world.assignments(1).await?.len(), 1);
    world.events.drained().await?;
    let dead = world.events.dead_letters().await?;
    let found: BTreeSet<_> = dead.iter().filter_map(|message| message.body.clone()).collect();
    assert_eq!(found, poison.into_iter().collect());
    for message in dead {
        let attributes = message.message_attributes.context("attributes")?;
        let reason = attributes["failureReason"].string_value().context("a reason")?;
        assert!(reason.contains(':') || reason == "not a JSON object", "{reason}");
    }
    service.stop().await
}

#[tokio::test]
async fn sigterm_in_the_midst_drains_and_another_instance_goes_on() -> Result<()> {
    let world = World::new().await?;
    world.events.send(&[world.courier(Uuid::new_v4()), world.courier(Uuid::new_v4())]).await?;
    let ids: Vec<Uuid> = (0..300).map(|_| Uuid::new_v4()).collect();
    let first = world.start().await?;
    world.events.send(&ids.iter().map(|id| world.order(*id)).collect::<Vec<_>>()).await?;
    eventually("the work has begun", || async {
        let begun: i64 = sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&world.pool).await?;
        Ok((begun > 0).then_some(()))
    })
    .await?;
    first.stop().await?;
    assert_eq!(world.events.depth().await?.in_flight, 0, "what was received was handled");
    let second = world.start().await?;
    world.settled(&ids.iter().map(Uuid::to_string).collect()).await?;
    second.stop().await
}

#[tokio::test]
async fn kill_nine_loses_nothing_and_assigns_nothing_twice() -> Result<()> {
    let world = World::new().await?;
    world.events.send(&[world.courier(Uuid::new_v4()), world.courier(Uuid::new_v4())]).await?;
    let ids: Vec<Uuid> = (0..400).map(|_| Uuid::new_v4()).collect();
    let mut victim = world.start().await?;
    for (kill, part) in ids.chunks(100).enumerate() {
        world.events.send(&part.iter().map(|id| world.order(*id)).collect::<Vec<_>>()).await?;
        eventually("some of the part is recorded", || async {
            let done: i64 = sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&world.pool).await?;
            Ok((done > 100 * kill as i64).then_some(()))
        })
        .await?;
        victim.signal("KILL").await?;
        victim.exited().await?;
        victim = world.start().await?;
    }
    world.settled(&ids.iter().map(Uuid::to_string).collect()).await?;
    victim.stop().await
}
