//! Where orders are in their lives, by all three services.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

use crate::{World, bus::EVENTS_TOPIC, system::Service};

impl World {
    /// Waits until all three services show the order in this status, with this courier or with nobody. An order that has
    /// ended is shown with whoever had it then.
    ///
    /// # Errors
    /// They never do; the error says what each shows.
    pub async fn stands(&self, order: Uuid, status: &str, courier: Option<Uuid>) -> Result<()> {
        let shown = json!([status, courier]);
        // Without a courier there is no pair.
        let expected = [shown.clone(), if courier.is_some() { shown.clone() } else { Value::Null }, shown];
        let what = format!("{order} is {status} with {courier:?}");
        match eventually(&what, || async { Ok((self.shown(order).await? == expected).then_some(())) }).await {
            Ok(()) => Ok(()),
            Err(error) => Err(error.context(format!("the services show {:?}", self.shown(order).await?))),
        }
    }

    /// Status and courier of an order as order-service, courier-service and assignment-service show them now.
    async fn shown(&self, order: Uuid) -> Result<[Value; 3]> {
        let answers = [
            self.orders().get(&format!("/orders/{order}")).await?,
            self.couriers().get(&format!("/orders/{order}/courier")).await?,
            self.assignments().get(&format!("/orders/{order}/decision")).await?,
        ];
        let mut shown = [Value::Null, Value::Null, Value::Null];
        for (shown, answer) in shown.iter_mut().zip(answers).filter(|(_, answer)| answer.status != 404) {
            let body = answer.expect(200)?;
            *shown = json!([body["status"], body["courierId"]]);
        }
        Ok(shown)
    }

    /// What assignment-service says of an order, and why.
    ///
    /// # Errors
    /// It does not know the order.
    pub async fn decision(&self, order: Uuid) -> Result<Value> {
        self.assignments().get(&format!("/orders/{order}/decision")).await?.expect(200)
    }

    /// Publishes an order of this zone, waits until it is assigned, and answers who has it and the score that they had
    /// when they were chosen.
    ///
    /// # Errors
    /// It is never assigned.
    pub async fn next_order(&self) -> Result<(Uuid, Uuid, u64)> {
        let order = self.publish_order().await?;
        let courier = *self.assigned(&[order]).await?.get(&order).context("a courier")?;
        Ok((order, courier, self.decision(order).await?["score"].as_u64().context("a score")?))
    }

    /// Publishes a courier of this zone who takes so many orders at once, and waits until assignment-service knows them.
    ///
    /// # Errors
    /// SNS does not take it, or assignment-service never knows them.
    pub async fn publish_limited(&self, capacity: u32) -> Result<Uuid> {
        let courier = Uuid::new_v4();
        self.publish(&crate::events::limited(courier, &self.zone, capacity)).await?;
        self.availability(courier, true).await?;
        Ok(courier)
    }

    /// Waits until a courier has this many open orders, for all that assignment-service has committed.
    ///
    /// # Errors
    /// They never have.
    pub async fn has_open(&self, courier: Uuid, orders: u32) -> Result<()> {
        eventually(&format!("{courier} has {orders} open orders"), || async {
            Ok(self.load(courier).await?.filter(|load| load.open_orders == orders).map(drop))
        })
        .await
    }

    /// Waits until assignment-service has logged this many events of a type about an order: it has taken them in.
    ///
    /// # Errors
    /// It never has, or it has logged more.
    pub async fn taken_in(&self, order: Uuid, kind: &str, events: usize) -> Result<()> {
        let logged = eventually(&format!("{events} {kind} of {order} are logged"), || async {
            let logged = self.assignments().list(&format!("/events?orderId={order}&limit=100")).await?;
            let logged = logged.iter().filter(|event| event["type"] == kind).count();
            Ok((logged >= events).then_some(logged))
        })
        .await?;
        anyhow::ensure!(logged == events, "{logged} {kind} of {order}, not {events}");
        Ok(())
    }

    /// Publishes an event by the real aws CLI, without attributes. Only for the system that all tests share.
    ///
    /// # Errors
    /// The CLI does not exit with 0.
    pub async fn publish_by_cli(&self, event: &Value) -> Result<()> {
        let message = event.to_string();
        let arguments = ["sns", "publish", "--topic-arn", EVENTS_TOPIC, "--message", &message];
        crate::aws_cli::aws(&self.servers, &arguments).await.map(drop)
    }

    /// How often a service has counted something with these labels, such as `reason="impossible"`, over its instances.
    ///
    /// # Errors
    /// An instance does not answer.
    pub async fn counted(&self, service: &Service, counter: &str, labels: &[&str]) -> Result<u64> {
        let mut sum = 0;
        for url in service.http.each() {
            let metrics = self.client().get(format!("{url}/metrics")).send().await?.error_for_status()?.text().await?;
            let lines = metrics.lines().filter(|line| {
                line.strip_prefix(counter).is_some_and(|rest| rest.starts_with(['{', ' ']))
                    && labels.iter().all(|label| line.contains(label))
            });
            for line in lines {
                sum += line.rsplit(' ').next().unwrap_or_default().parse::<u64>().with_context(|| line.to_owned())?;
            }
        }
        Ok(sum)
    }
}
