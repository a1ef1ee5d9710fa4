//! What passed through the queues of another service lately.

use std::time::Duration;

use dispatch_contracts::grpc::{ListMessagesRequest, message_service_client::MessageServiceClient};
use events::messages::from_grpc;
use messaging::PassedMessage;
use runtime::dial;
use tonic::{Code, Status, transport::Endpoint};
use trace::TraceParent;

use crate::peer::Peer;

/// Looks up what passed.
#[derive(Debug, Clone)]
pub struct Messages(Peer);

/// There is no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessagesError {
    /// The service does not consume this queue.
    #[error("the service does not consume the queue")]
    UnknownQueue,
    /// The service could not be asked, or not be understood.
    #[error("{0}")]
    NoAnswer(String),
}

impl Messages {
    /// At the service of this name, at this address, waiting no longer than this. Connects only when used.
    #[must_use]
    pub fn new(service: &'static str, address: &Endpoint, deadline: Duration) -> Self {
        Self(Peer::new(service, address, deadline))
    }

    /// The latest messages that passed through a queue, the newest first; 100 at most, and of large bodies the beginning.
    ///
    /// # Errors
    /// The service does not consume the queue, or did not answer in time.
    pub async fn list(&self, queue: &str, most: u32, trace: TraceParent) -> Result<Vec<PassedMessage>, MessagesError> {
        let page_size = most.min(events::messages::MOST);
        if page_size == 0 {
            return Ok(Vec::new()); // To gRPC it means as many as usual.
        }
        let mut request = self.0.request(ListMessagesRequest { queue: queue.to_owned(), page_size });
        let _span = dial::span(&mut request, "dispatch.v1.MessageService/ListMessages", trace);
        let mut client = MessageServiceClient::new(self.0.channel());
        let listed = self.0.in_time(async {
            let answer = client.list_messages(request).await?.into_inner();
            answer.messages.into_iter().map(from_grpc).collect::<Result<Vec<_>, Status>>()
        });
        listed.await.map_err(|error| match error.code() {
            Code::NotFound => MessagesError::UnknownQueue,
            code => {
                self.0.failures.add(&error, None);
                MessagesError::NoAnswer(format!("{code:?}: {}", error.message()))
            }
        })
    }
}
