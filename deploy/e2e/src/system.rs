//! Where a running system is: the instances of each service, by REST and gRPC.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use anyhow::{Result, ensure};
use dispatch_contracts::grpc::{
    assignment_service_client::AssignmentServiceClient, courier_service_client::CourierServiceClient,
    order_service_client::OrderServiceClient,
};
use test_support::servers::variable;
use tonic::transport::{Channel, Endpoint};

/// How long an answer is waited for: longer than any service takes, on any machine, before it gives up by itself.
pub(crate) const ANSWER: Duration = Duration::from_secs(60);

/// The instances of a service behind one kind of port. They take turns, so that what one is told another is asked.
#[derive(Debug)]
pub struct Instances<T> {
    each: Vec<T>,
    turn: AtomicUsize,
}

impl<T> Instances<T> {
    /// The one whose turn it is.
    pub fn next(&self) -> &T {
        &self.each[self.turn.fetch_add(1, Ordering::Relaxed) % self.each.len()]
    }

    /// All of them.
    pub fn each(&self) -> &[T] {
        &self.each
    }

    fn new(each: Vec<T>) -> Self {
        Self { each, turn: AtomicUsize::new(0) }
    }
}

/// The ports of a service.
#[derive(Debug)]
pub struct Service {
    /// REST, such as `http://127.0.0.1:40001`.
    pub http: Instances<String>,
    /// gRPC.
    pub grpc: Instances<Channel>,
}

impl Service {
    /// A service with these instances; connects to their gRPC when it is used.
    ///
    /// # Errors
    /// A URL of a gRPC port is none.
    pub fn new(http: Vec<String>, grpc: Vec<String>) -> Result<Self> {
        let channels = grpc.into_iter().map(|url| Ok(Endpoint::from_shared(url)?.timeout(ANSWER).connect_lazy()));
        Ok(Self { http: Instances::new(http), grpc: Instances::new(channels.collect::<Result<_>>()?) })
    }

    fn from_env(name: &str) -> Result<Self> {
        let urls = |port: &str| -> Result<Vec<String>> {
            let urls = variable(&format!("DISPATCH_TEST_{name}_{port}"))?;
            let urls: Vec<_> = urls.split(',').map(str::to_owned).collect();
            ensure!(urls.len() == 2, "two instances of {name} are needed, not {urls:?}");
            Ok(urls)
        };
        Self::new(urls("HTTP")?, urls("GRPC")?)
    }
}

/// The three services.
#[derive(Debug)]
pub struct System {
    /// order-service.
    pub order: Service,
    /// courier-service.
    pub courier: Service,
    /// assignment-service.
    pub assignment: Service,
}

impl System {
    /// The one that `run-e2e.sh` started, with two instances of each service.
    ///
    /// # Errors
    /// A variable is missing: it was not started.
    pub fn from_env() -> Result<Self> {
        Ok(Self {
            order: Service::from_env("ORDER")?,
            courier: Service::from_env("COURIER")?,
            assignment: Service::from_env("ASSIGNMENT")?,
        })
    }

    /// The gRPC of order-service, at the next instance.
    pub fn orders(&self) -> OrderServiceClient<Channel> {
        OrderServiceClient::new(self.order.grpc.next().clone())
    }

    /// The gRPC of courier-service, at the next instance.
    pub fn couriers(&self) -> CourierServiceClient<Channel> {
        CourierServiceClient::new(self.courier.grpc.next().clone())
    }

    /// The gRPC of assignment-service, at the next instance.
    pub fn assignments(&self) -> AssignmentServiceClient<Channel> {
        AssignmentServiceClient::new(self.assignment.grpc.next().clone())
    }
}
