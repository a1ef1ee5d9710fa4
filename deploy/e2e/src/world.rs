//! What a test acts in: a system, and a zone of its own.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use dispatch_contracts::grpc::{
    Assignment, CourierLoad, GetAssignmentRequest, GetCourierLoadRequest, GetZoneRequest, GetZoneResponse,
    from_timestamp,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Client;
use serde_json::{Value, json};
use test_support::{Servers, eventually, unique};
use tonic::{Code, Response, Status};
use uuid::Uuid;

use crate::{
    Bus, Inbox, System,
    bus::Topics,
    events,
    queues::{self, DeadLetter},
    rest::Api,
    system::ANSWER,
};

/// Lookups under way at a time.
const CONCURRENT_LOOKUPS: usize = 16;

/// A system and a zone in it that nobody else uses.
#[derive(Debug)]
pub struct World {
    /// The servers behind the system.
    pub servers: Servers,
    /// The system.
    pub system: System,
    /// SNS and SQS.
    pub bus: Bus,
    /// Where the system's events and decisions are published.
    pub topics: Topics,
    /// The zone.
    pub zone: String,
    client: Client,
}

impl World {
    /// In the system that all tests share.
    ///
    /// # Errors
    /// It was not started.
    pub async fn new() -> Result<Self> {
        Self::within(Servers::from_env()?, System::from_env()?, Topics::default()).await
    }

    /// In a system of one's own.
    ///
    /// # Errors
    /// HTTP cannot be used.
    pub async fn within(servers: Servers, system: System, topics: Topics) -> Result<Self> {
        let bus = Bus::new(&servers).await;
        let client = Client::builder().no_proxy().timeout(ANSWER).build()?;
        Ok(Self { servers, system, bus, topics, zone: unique::name("e2e"), client })
    }

    /// The REST API of order-service.
    pub fn orders(&self) -> Api<'_> {
        Api::new(&self.client, &self.system.order.http)
    }

    /// The REST API of courier-service.
    pub fn couriers(&self) -> Api<'_> {
        Api::new(&self.client, &self.system.courier.http)
    }

    /// The REST API of assignment-service.
    pub fn assignments(&self) -> Api<'_> {
        Api::new(&self.client, &self.system.assignment.http)
    }

    /// Where the board is, at the next instance.
    pub fn board(&self) -> &str {
        self.system.assignment.http.next()
    }

    /// An HTTP client, for one particular instance.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Publishes an event.
    ///
    /// # Errors
    /// SNS does not take it.
    pub async fn publish(&self, event: &Value) -> Result<()> {
        self.bus.publish(&self.topics.events, &event.to_string(), &[]).await
    }

    /// Publishes an order of this zone; answers its id.
    ///
    /// # Errors
    /// SNS does not take it.
    pub async fn publish_order(&self) -> Result<Uuid> {
        let order = Uuid::new_v4();
        self.publish(&events::order(order, &self.zone)).await?;
        Ok(order)
    }

    /// Publishes a new courier of this zone, and waits until the zone has as many who are available.
    ///
    /// # Errors
    /// SNS does not take it, or the zone never has as many.
    pub async fn publish_courier(&self, available_then: u64) -> Result<Uuid> {
        let courier = Uuid::new_v4();
        self.publish(&events::courier(courier, &self.zone, true)).await?;
        self.available(available_then).await?;
        Ok(courier)
    }

    /// A queue of the test's own that gets all events of this zone from now on.
    ///
    /// # Errors
    /// SNS or SQS does not answer.
    pub async fn events(&self) -> Result<Inbox> {
        Inbox::subscribe(&self.servers, &self.bus, &self.topics.events, &json!({"zone": [self.zone]})).await
    }

    /// A queue of the test's own that gets all events about an order from now on: those about its steps name no zone.
    ///
    /// # Errors
    /// SNS or SQS does not answer.
    pub async fn events_of(&self, order: Uuid) -> Result<Inbox> {
        Inbox::subscribe(&self.servers, &self.bus, &self.topics.events, &json!({"orderId": [order]})).await
    }

    /// A queue of the test's own that gets all decisions in this zone from now on.
    ///
    /// # Errors
    /// SNS or SQS does not answer.
    pub async fn decisions(&self) -> Result<Inbox> {
        Inbox::subscribe(&self.servers, &self.bus, &self.topics.decisions, &json!({"zone": [self.zone]})).await
    }

    /// What assignment-service has decided about an order; nothing if it has not heard of it.
    ///
    /// # Errors
    /// No answer.
    pub async fn assignment(&self, order: Uuid) -> Result<Option<Assignment>> {
        let request = GetAssignmentRequest { order_id: order.to_string() };
        Ok(found(self.system.assignments().get_assignment(request).await)?.and_then(|answer| answer.assignment))
    }

    /// How loaded a courier is; nothing if assignment-service has not heard of them.
    ///
    /// # Errors
    /// No answer.
    pub async fn load(&self, courier: Uuid) -> Result<Option<CourierLoad>> {
        let request = GetCourierLoadRequest { courier_id: courier.to_string() };
        Ok(found(self.system.assignments().get_courier_load(request).await)?.and_then(|answer| answer.load))
    }

    /// Waits until assignment-service has taken in this much news of a courier, old news too.
    ///
    /// # Errors
    /// It never has.
    pub async fn news_taken_in(&self, courier: Uuid, events: usize) -> Result<()> {
        eventually(&format!("{events} news of {courier} are logged"), || async {
            let logged = self.assignments().list(&format!("/events?courierId={courier}&limit=100")).await?;
            let news = logged.iter().filter(|event| event["type"] == "AddCourier").count();
            ensure!(news <= events, "{news} news of {courier}: {logged:?}");
            Ok((news == events).then_some(()))
        })
        .await
    }

    /// Who of a zone is next, and what waits; nothing if assignment-service has not heard of it.
    ///
    /// # Errors
    /// No answer.
    pub async fn zone(&self, zone: &str) -> Result<Option<GetZoneResponse>> {
        let request = GetZoneRequest { zone: zone.to_owned() };
        found(self.system.assignments().get_zone(request).await)
    }

    /// Waits until this many couriers of this zone are available, and answers who they are, with their open orders, who
    /// is next first.
    ///
    /// # Errors
    /// There are never so many.
    pub async fn available(&self, couriers: u64) -> Result<Vec<(Uuid, u32)>> {
        let what = format!("{couriers} couriers are available in {}", self.zone);
        let zone = eventually(&what, || async {
            Ok(self.zone(&self.zone).await?.filter(|zone| zone.available_couriers == couriers))
        });
        zone.await?.couriers.iter().map(|load| Ok((load.courier_id.parse()?, load.open_orders))).collect()
    }

    /// Waits until assignment-service has taken in that a courier is available, or is not.
    ///
    /// # Errors
    /// It never does.
    pub async fn availability(&self, courier: Uuid, is_available: bool) -> Result<()> {
        eventually(&format!("{courier} available: {is_available}"), || async {
            Ok(self.load(courier).await?.filter(|load| load.is_available == is_available).map(drop))
        })
        .await
    }

    /// Waits until courier-service knows a courier who came by an event, of which it hears by a queue of its own.
    ///
    /// # Errors
    /// It never does.
    pub async fn registered(&self, courier: Uuid) -> Result<()> {
        let path = format!("/couriers/{courier}");
        eventually(&format!("courier-service knows {courier}"), || async {
            let answer = self.couriers().get(&path).await?;
            if answer.status == 404 { Ok(None) } else { answer.expect(200).map(drop).map(Some) }
        })
        .await
    }

    /// Waits until Redis, which chooses, has just these orders of the zone in line, the first first; it is told after what is
    /// shown of an order.
    ///
    /// # Errors
    /// It never has.
    pub async fn in_line(&self, orders: &[Uuid]) -> Result<GetZoneResponse> {
        let expected: Vec<String> = orders.iter().map(Uuid::to_string).collect();
        eventually(&format!("in line are {expected:?}"), || async {
            Ok(self.zone(&self.zone).await?.filter(|zone| zone.waiting_order_ids == expected))
        })
        .await
    }

    /// Waits until Redis, which chooses, has heard of every event of the shared system that lies in the queue now: it is told
    /// after what is shown, and then the message is deleted.
    ///
    /// # Errors
    /// It never has.
    pub async fn redis_is_told(&self) -> Result<()> {
        queues::handled(&self.bus, &[queues::EVENTS]).await
    }

    /// Waits until an order waits for a courier, and every service shows it so.
    ///
    /// # Errors
    /// It never does.
    pub async fn waits(&self, order: Uuid) -> Result<()> {
        let assignment = eventually(&format!("{order} is heard of"), || self.assignment(order)).await?;
        ensure!(assignment.courier_id.is_none(), "{order} should wait: {assignment:?}");
        // order-service hears of it by a queue of its own, and perhaps later.
        self.stands(order, "pending", None).await
    }

    /// Waits until every service shows who has each of the orders, and demands that all of them say the same.
    ///
    /// # Errors
    /// A service does not come to know it, or says something else than another.
    pub async fn assigned(&self, orders: &[Uuid]) -> Result<BTreeMap<Uuid, Uuid>> {
        let lookups = orders.iter().map(|order| async { Ok((*order, self.agreed(*order).await?)) });
        let lookups: Vec<_> = lookups.collect();
        stream::iter(lookups).buffer_unordered(CONCURRENT_LOOKUPS).try_collect().await
    }

    async fn agreed(&self, order: Uuid) -> Result<Uuid> {
        let decided = eventually(&format!("assignment-service has assigned {order}"), || async {
            Ok(self.assignment(order).await?.filter(|assignment| assignment.courier_id.is_some()))
        })
        .await?;
        let pair = eventually(&format!("courier-service shows who has {order}"), || async {
            let answer = self.couriers().get(&format!("/orders/{order}/courier")).await?;
            if answer.status == 404 { Ok(None) } else { answer.expect(200).map(Some) }
        })
        .await?;
        let shown = eventually(&format!("order-service shows who has {order}"), || async {
            let answer = self.orders().get(&format!("/orders/{order}")).await?;
            let shown = if answer.status == 404 { None } else { Some(answer.expect(200)?) };
            Ok(shown.filter(|shown| !shown["courierId"].is_null()))
        })
        .await?;
        let at = decided.assigned_at.as_ref().and_then(from_timestamp).context("no time")?;
        for service in [&pair, &shown] {
            let shown_at: chrono::DateTime<chrono::Utc> = service["assignedAt"].as_str().context("no time")?.parse()?;
            let same = service["orderId"] == order.to_string()
                && service["courierId"] == decided.courier_id()
                && service["zone"] == decided.zone
                && service["status"] == "assigned"
                && shown_at == at;
            ensure!(same, "{decided:?} and {service} should be the same");
        }
        Ok(decided.courier_id().parse()?)
    }

    /// Demands that no dead letter mentions this zone.
    ///
    /// It is a look at one moment. What dies later is found by the look that is taken after all tests.
    ///
    /// # Errors
    /// One does.
    pub async fn nothing_dead(&self) -> Result<()> {
        let dead: Vec<DeadLetter> = queues::dead_letters(&self.bus, &self.zone).await?;
        ensure!(dead.is_empty(), "dead letters: {dead:?}");
        Ok(())
    }
}

/// An answer, or nothing for NOT_FOUND.
fn found<T>(answer: Result<Response<T>, Status>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer.into_inner())),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status.into()),
    }
}
