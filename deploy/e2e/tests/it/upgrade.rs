//! A rolling restart, as an upgrade is one: each instance of each service is ended by SIGTERM and replaced, one after the other,
//! while clients go on. They try again where nobody answers, and see no error besides; no order is lost or assigned twice.
//! And a step back: what a newer version left behind keeps nobody from starting.

use std::sync::{
    RwLock,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context as _, Result, bail};
use e2e::{Answer, Cell, World, cell::NOBODY};
use futures::future::try_join_all;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use test_support::{ServiceProcess, eventually};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const CLIENTS: usize = 8;

/// The instances of a service as a load balancer knows them: one that has ended is still asked until it is replaced.
#[derive(Default)]
struct Pool {
    urls: RwLock<Vec<String>>,
    turn: AtomicUsize,
}

impl Pool {
    fn of(processes: &[ServiceProcess]) -> Self {
        Self { urls: RwLock::new(processes.iter().map(|process| process.http.clone()).collect()), ..Self::default() }
    }

    fn next(&self) -> Result<String> {
        let urls = self.urls.read().ok().context("the urls")?;
        Ok(urls[self.turn.fetch_add(1, Ordering::Relaxed) % urls.len()].clone())
    }

    fn replace(&self, position: usize, process: &ServiceProcess) -> Result<()> {
        self.urls.write().ok().context("the urls")?[position].clone_from(&process.http);
        Ok(())
    }

    /// Asks one instance after the other until one answers, as clients do who know that asking again is safe.
    async fn ask(&self, client: &Client, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        eventually("an instance answers", || async {
            let mut request = client.request(method.clone(), format!("{}{path}", self.next()?));
            if let Some(body) = body {
                request = request.json(body);
            }
            match Answer::to(request).await {
                Ok(answer) if (200..300).contains(&answer.status) => answer.json().map(Some),
                Ok(answer) if answer.status == 503 => Ok(None),
                Ok(answer) => bail!("{path}: {answer:?}"),
                // Nobody listens there any more, or the connection ended with the instance.
                Err(_) => Ok(None),
            }
        })
        .await
    }
}

/// Both instances of each service.
struct Running {
    order: [ServiceProcess; 2],
    courier: [ServiceProcess; 2],
    assignment: [ServiceProcess; 2],
}

impl Running {
    async fn start(cell: &Cell) -> Result<Self> {
        Ok(Self {
            order: [cell.start_order_service(NOBODY).await?, cell.start_order_service(NOBODY).await?],
            courier: [cell.start_courier_service(NOBODY).await?, cell.start_courier_service(NOBODY).await?],
            assignment: [cell.start_assignment_service().await?, cell.start_assignment_service().await?],
        })
    }

    async fn world(&self, cell: &Cell) -> Result<World> {
        cell.world(&self.order, &self.courier, &self.assignment).await
    }

    async fn stop(self) -> Result<()> {
        for process in self.order.into_iter().chain(self.courier).chain(self.assignment) {
            process.stop().await?;
        }
        Ok(())
    }
}

/// Until `stop`: makes an order, has both services show who got it, goes on. Answers the orders.
async fn client(world: &World, orders: &Pool, couriers: &Pool, stop: &CancellationToken) -> Result<Vec<Uuid>> {
    let mut made = Vec::new();
    while !stop.is_cancelled() {
        let order = Uuid::new_v4();
        let body = json!({"orderId": order, "details": "Buy", "zone": world.zone});
        orders.ask(world.client(), Method::POST, "/orders", Some(&body)).await?;
        let path = format!("/orders/{order}");
        let courier = eventually("it is assigned", || async {
            let shown = orders.ask(world.client(), Method::GET, &path, None).await?;
            Ok((shown["status"] == "assigned").then(|| shown["courierId"].clone()))
        });
        let path = format!("/couriers/{}/available", courier.await?.as_str().context("a courier")?);
        couriers.ask(world.client(), Method::POST, &path, None).await?;
        made.push(order);
    }
    Ok(made)
}

/// Replaces one instance after the other.
async fn roll(cell: &Cell, running: &mut Running, pools: [&Pool; 2]) -> Result<()> {
    let [orders, couriers] = pools;
    for position in 0..2 {
        let new = cell.start_assignment_service().await?;
        std::mem::replace(&mut running.assignment[position], new).stop().await?;
    }
    for position in 0..2 {
        let old = std::mem::replace(&mut running.order[position], cell.start_order_service(NOBODY).await?);
        old.stop().await?;
        orders.replace(position, &running.order[position])?;
    }
    for position in 0..2 {
        let old = std::mem::replace(&mut running.courier[position], cell.start_courier_service(NOBODY).await?);
        old.stop().await?;
        couriers.replace(position, &running.courier[position])?;
    }
    Ok(())
}

#[tokio::test]
async fn every_instance_is_replaced_under_load_and_nobody_notices() -> Result<()> {
    let cell = Cell::new().await?;
    let mut running = Running::start(&cell).await?;
    let world = running.world(&cell).await?;
    let decisions = world.decisions().await?;
    for couriers in 1..=4 {
        world.registered(world.publish_courier(couriers).await?).await?;
    }
    let (orders, couriers, stop) = (Pool::of(&running.order), Pool::of(&running.courier), CancellationToken::new());
    let clients = try_join_all((0..CLIENTS).map(|_| client(&world, &orders, &couriers, &stop)));
    let rolled = async {
        roll(&cell, &mut running, [&orders, &couriers]).await?;
        stop.cancel();
        anyhow::Ok(())
    };
    let (made, ()) = tokio::try_join!(clients, rolled)?;
    let made: Vec<Uuid> = made.concat();
    assert!(made.len() >= CLIENTS, "{} orders", made.len());

    // All of the new instances say the same of each, and each was decided once.
    running.world(&cell).await?.assigned(&made).await?;
    let decided = decisions.until_orders("the decisions", &made).await?;
    for order in &made {
        assert_eq!(decided[order].len(), 1, "{:?}", decided[order]);
    }
    cell.quiet().await?;
    println!("{} orders while six instances were replaced", made.len());
    running.stop().await
}

/// A migration that no version of today has.
const OF_A_NEWER_VERSION: &str =
    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    VALUES (9999, 'of a newer version', true, '\\x00', 0)";

#[tokio::test]
async fn an_older_version_starts_on_a_newer_schema() -> Result<()> {
    let cell = Cell::new().await?;
    cell.start_all().await?.stop().await?;
    for database in cell.databases() {
        let mut connection = PgConnection::connect(database).await?;
        sqlx::query(OF_A_NEWER_VERSION).execute(&mut connection).await?;
        connection.close().await?;
    }
    let processes = cell.start_all().await?;
    let world = processes.world(&cell).await?;
    let courier = world.publish_courier(1).await?;
    let order = world.publish_order().await?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    cell.quiet().await?;
    processes.stop().await
}
