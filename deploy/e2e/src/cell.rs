//! A small system of a test's own: topics, queues, databases and processes that nobody else uses. For tests that end
//! processes, or have one look for another that is not there.

use std::{fs::File, process::Stdio, slice::from_ref};

use anyhow::{Result, ensure};
use test_support::{Servers, ServiceProcess, TestQueue, TestTopic, database, servers::variable};

use crate::{
    Bus, World,
    bus::Topics,
    system::{Service, System},
};

/// An address at which nobody listens: to listen on port 1 takes more rights than anybody should have here.
pub const NOBODY: &str = "http://127.0.0.1:1";

/// The topics, queues and databases.
pub struct Cell {
    /// The servers that they are on.
    pub servers: Servers,
    /// SNS and SQS.
    pub bus: Bus,
    /// In place of events-topic.
    pub events_topic: TestTopic,
    /// In place of assignment-topic.
    pub assignment_topic: TestTopic,
    /// In place of events-queue.
    pub events: TestQueue,
    /// In place of order-events-queue.
    pub order_events: TestQueue,
    /// In place of courier-events-queue.
    pub courier_events: TestQueue,
    /// In place of order-assignment-queue.
    pub order_assignments: TestQueue,
    /// In place of assignment-queue.
    pub assignments: TestQueue,
    order_database: String,
    courier_database: String,
    /// Where assignment-service keeps its facts.
    pub assignment_database: String,
    /// Where its processes log to; nothing: where the test does.
    pub log: Option<File>,
}

/// One process of each service.
pub struct Processes {
    /// order-service.
    pub order: ServiceProcess,
    /// courier-service.
    pub courier: ServiceProcess,
    /// assignment-service.
    pub assignment: ServiceProcess,
}

impl Cell {
    /// Makes all of it, wired as deploy/aws/topology.yaml wires the real one; there are no processes yet.
    ///
    /// # Errors
    /// A server does not answer.
    pub async fn new() -> Result<Self> {
        let servers = Servers::from_env()?;
        let cell = Self {
            bus: Bus::new(&servers).await,
            events_topic: TestTopic::create(&servers).await?,
            assignment_topic: TestTopic::create(&servers).await?,
            events: TestQueue::create(&servers).await?,
            order_events: TestQueue::create(&servers).await?,
            courier_events: TestQueue::create(&servers).await?,
            order_assignments: TestQueue::create(&servers).await?,
            assignments: TestQueue::create(&servers).await?,
            order_database: database::create(&servers).await?,
            courier_database: database::create(&servers).await?,
            assignment_database: database::create(&servers).await?,
            log: None,
            servers,
        };
        for queue in [&cell.events, &cell.order_events, &cell.courier_events] {
            cell.events_topic.subscribe(queue, true).await?;
        }
        for queue in [&cell.order_assignments, &cell.assignments] {
            cell.assignment_topic.subscribe(queue, true).await?;
        }
        Ok(cell)
    }

    /// Its queues.
    #[must_use]
    pub fn queues(&self) -> [&TestQueue; 5] {
        [&self.events, &self.order_events, &self.courier_events, &self.order_assignments, &self.assignments]
    }

    /// Waits until its queues are empty, and demands that nothing in them died.
    ///
    /// # Errors
    /// Something stays, or died.
    pub async fn quiet(&self) -> Result<()> {
        for queue in self.queues() {
            queue.drained().await?;
            let dead = queue.dead_letters().await?;
            ensure!(dead.is_empty(), "{}: {dead:?}", queue.name);
        }
        Ok(())
    }

    /// Starts an order-service that looks couriers up at `courier_service`.
    ///
    /// # Errors
    /// It does not become ready.
    pub async fn start_order_service(&self, courier_service: &str) -> Result<ServiceProcess> {
        self.start_order_service_with(courier_service, &[]).await
    }

    /// The same with settings of the test's own.
    ///
    /// # Errors
    /// It does not become ready.
    pub async fn start_order_service_with(
        &self,
        courier_service: &str,
        more: &[(&str, &str)],
    ) -> Result<ServiceProcess> {
        let settings = [
            ("DATABASE_URL", self.order_database.as_str()),
            ("EVENTS_TOPIC_ARN", &self.events_topic.arn),
            ("EVENTS_QUEUE", &self.order_events.name),
            ("ASSIGNMENTS_QUEUE", &self.order_assignments.name),
            ("COURIER_SERVICE_GRPC_URL", courier_service),
        ];
        self.start("order-service", &[&settings, more].concat()).await
    }

    /// Starts a courier-service that looks orders up at `order_service`.
    ///
    /// # Errors
    /// It does not become ready.
    pub async fn start_courier_service(&self, order_service: &str) -> Result<ServiceProcess> {
        self.start_courier_service_with(order_service, &[]).await
    }

    /// The same with settings of the test's own.
    ///
    /// # Errors
    /// It does not become ready.
    pub async fn start_courier_service_with(
        &self,
        order_service: &str,
        more: &[(&str, &str)],
    ) -> Result<ServiceProcess> {
        let settings = [
            ("DATABASE_URL", self.courier_database.as_str()),
            ("EVENTS_TOPIC_ARN", &self.events_topic.arn),
            ("EVENTS_QUEUE", &self.courier_events.name),
            ("ASSIGNMENTS_QUEUE", &self.assignments.name),
            ("ORDER_SERVICE_GRPC_URL", order_service),
        ];
        self.start("courier-service", &[&settings, more].concat()).await
    }

    /// Starts an assignment-service. Its zones are its own, so it may share Redis with the others. Its board finds no other service.
    ///
    /// # Errors
    /// It does not become ready.
    pub async fn start_assignment_service(&self) -> Result<ServiceProcess> {
        self.start_assignment_service_with(&[]).await
    }

    /// The same with settings of the test's own.
    ///
    /// # Errors
    /// It does not become ready.
    pub async fn start_assignment_service_with(&self, more: &[(&str, &str)]) -> Result<ServiceProcess> {
        let shown =
            [&self.assignments, &self.order_assignments, &self.events, &self.order_events, &self.courier_events];
        let queues = shown.map(|queue| queue.name.as_str()).join(",");
        let settings = [
            ("DATABASE_URL", self.assignment_database.as_str()),
            ("REDIS_URL", &self.servers.redis_url),
            ("EVENTS_QUEUE", &self.events.name),
            ("ASSIGNMENT_TOPIC_ARN", &self.assignment_topic.arn),
            ("BOARD_QUEUES", &queues),
            ("ORDER_SERVICE_GRPC_URL", NOBODY),
            ("COURIER_SERVICE_GRPC_URL", NOBODY),
        ];
        self.start("assignment-service", &[&settings, more].concat()).await
    }

    /// The database of each service.
    #[must_use]
    pub fn databases(&self) -> [&str; 3] {
        [&self.order_database, &self.courier_database, &self.assignment_database]
    }

    /// What courier-service kept is gone; its next process begins with an empty database.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn lose_courier_database(&mut self) -> Result<()> {
        self.courier_database = database::create(&self.servers).await?;
        Ok(())
    }

    /// Starts one process of each service. The board of assignment-service finds the others.
    ///
    /// # Errors
    /// One does not become ready.
    pub async fn start_all(&self) -> Result<Processes> {
        self.start_all_with(&[]).await
    }

    /// The same with settings of the test's own for assignment-service.
    ///
    /// # Errors
    /// One does not become ready.
    pub async fn start_all_with(&self, of_assignment: &[(&str, &str)]) -> Result<Processes> {
        let (order, courier) = tokio::try_join!(self.start_order_service(NOBODY), self.start_courier_service(NOBODY))?;
        let others = [("ORDER_SERVICE_GRPC_URL", order.grpc.as_str()), ("COURIER_SERVICE_GRPC_URL", &courier.grpc)];
        let assignment = self.start_assignment_service_with(&[&others, of_assignment].concat()).await?;
        Ok(Processes { order, courier, assignment })
    }

    /// A world in such processes, with a zone of its own.
    ///
    /// # Errors
    /// HTTP cannot be used.
    pub async fn world(
        &self,
        order: &[ServiceProcess],
        courier: &[ServiceProcess],
        assignment: &[ServiceProcess],
    ) -> Result<World> {
        let service = |processes: &[ServiceProcess]| {
            let (http, grpc) = processes.iter().map(|process| (process.http.clone(), process.grpc.clone())).unzip();
            Service::new(http, grpc)
        };
        let system = System { order: service(order)?, courier: service(courier)?, assignment: service(assignment)? };
        let topics = Topics { events: self.events_topic.arn.clone(), decisions: self.assignment_topic.arn.clone() };
        World::within(self.servers.clone(), system, topics).await
    }

    async fn start(&self, name: &str, settings: &[(&str, &str)]) -> Result<ServiceProcess> {
        let program = format!("{}/{name}", variable("DISPATCH_TEST_BIN_DIR")?);
        // A peer that is not there is what some tests are about, so a warning of it is no news.
        let settings: Vec<_> = [("LOG_LEVEL", "error")].into_iter().chain(settings.iter().copied()).collect();
        let log = self.log.as_ref().map(File::try_clone).transpose()?;
        ServiceProcess::start_logging(&program, &self.servers, &settings, log.map_or_else(Stdio::inherit, Stdio::from))
            .await
    }
}

impl Processes {
    /// A world in them, with a zone of its own.
    ///
    /// # Errors
    /// HTTP cannot be used.
    pub async fn world(&self, cell: &Cell) -> Result<World> {
        cell.world(from_ref(&self.order), from_ref(&self.courier), from_ref(&self.assignment)).await
    }

    /// Ends them as an orchestrator would, and demands that they drained.
    ///
    /// # Errors
    /// One did not end in time, or not well.
    pub async fn stop(self) -> Result<()> {
        tokio::try_join!(self.order.stop(), self.courier.stop(), self.assignment.stop())?;
        Ok(())
    }
}
