//! Another service, as far as all lookups at it are alike: where it is, how long it is waited for, and whether it is well.

use std::{collections::HashMap, fmt::Display, hash::Hash, time::Duration};

use dispatch_contracts::grpc::MAX_BATCH;
use runtime::dial;
use tonic::{
    Request, Status,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::{Found, failures::Failures};

/// A service that is asked.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    channel: Channel,
    deadline: Duration,
    /// Lookups that it did not answer.
    pub(crate) failures: Failures,
}

impl Peer {
    /// Connects only when used.
    pub(crate) fn new(name: &'static str, address: &Endpoint, deadline: Duration) -> Self {
        Self { channel: dial::lazily(address, deadline), deadline, failures: Failures::at(name) }
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A request that tells the other side the deadline.
    pub(crate) fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.set_timeout(self.deadline);
        request
    }

    /// What `ask` found, which is called with no more ids than one call takes.
    pub(crate) async fn find<I, T, F>(&self, ids: &[I], ask: impl Fn(Vec<String>) -> F) -> Found<I, T>
    where
        I: Display + Eq + Hash,
        F: Future<Output = Result<Vec<(I, T)>, Status>>,
    {
        let mut by_id = HashMap::with_capacity(ids.len());
        // One deadline for all: whoever waits for the answer waits for the sum.
        let asked = self.in_time(async {
            for batch in ids.chunks(MAX_BATCH) {
                by_id.extend(ask(batch.iter().map(ToString::to_string).collect()).await?);
            }
            Ok(())
        });
        let failure = asked.await.err();
        if let Some(error) = &failure {
            self.failures.add(error, Some(ids.len().saturating_sub(by_id.len())));
        }
        Found { by_id, is_complete: failure.is_none() }
    }

    /// Whether the other service says of itself that it serves.
    pub(crate) async fn health(&self) -> Result<(), String> {
        let mut client = HealthClient::new(self.channel());
        let asked = client.check(self.request(HealthCheckRequest { service: String::new() }));
        let asked = self.in_time(asked).await.map_err(|error| format!("{:?}: {}", error.code(), error.message()));
        let status = asked?.into_inner().status();
        if status == ServingStatus::Serving { Ok(()) } else { Err(status.as_str_name().to_owned()) }
    }

    /// The answer, unless it comes too late.
    pub(crate) async fn in_time<A>(&self, answer: impl Future<Output = Result<A, Status>>) -> Result<A, Status> {
        let late = |_| Status::deadline_exceeded(format!("no answer within {:?}", self.deadline));
        tokio::time::timeout(self.deadline, answer).await.map_err(late)?
    }
}
