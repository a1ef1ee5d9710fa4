//! What passed, at a service that consumes one queue.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use dispatch_contracts::grpc::{
    ListMessagesRequest, ListMessagesResponse, MessageOutcome, PassedMessage,
    message_service_server::{MessageService, MessageServiceServer},
    to_timestamp,
};
use lookup::{Messages, MessagesError};
use messaging::Outcome;
use tonic::{Request, Response, Status, transport::Server};
use trace::TraceParent;

use crate::server::{closed, demand_deadline, serve, silent};

const PATIENT: Duration = Duration::from_secs(30);
const HASTY: Duration = Duration::from_millis(300);
/// Well above the second of these, and below the time after which a silent connection is given up anyway.
const BOUND: Duration = Duration::from_secs(8);

/// Consumes one queue, through which one message passed.
#[derive(Clone)]
struct Consumes {
    message: PassedMessage,
    asked_for: Arc<AtomicU32>,
}

#[tonic::async_trait]
impl MessageService for Consumes {
    async fn list_messages(
        &self,
        request: Request<ListMessagesRequest>,
    ) -> Result<Response<ListMessagesResponse>, Status> {
        demand_deadline(&request)?;
        let ListMessagesRequest { queue, page_size } = request.into_inner();
        self.asked_for.store(page_size, Ordering::Relaxed);
        if queue == "mine" {
            Ok(Response::new(ListMessagesResponse { messages: vec![self.message.clone()] }))
        } else {
            Err(Status::not_found(""))
        }
    }
}

fn passed() -> PassedMessage {
    let now = Some(to_timestamp(chrono::Utc::now()));
    PassedMessage {
        body: "{}".to_owned(),
        sent_at: now,
        passed_at: now,
        outcome: MessageOutcome::Quarantined.into(),
        reason: "never".to_owned(),
        ..PassedMessage::default()
    }
}

#[tokio::test]
async fn what_passed_is_listed_or_there_is_no_such_queue() -> Result<()> {
    let service = Consumes { message: passed(), asked_for: Arc::default() };
    let asked_for = service.asked_for.clone();
    let (address, _running) = serve(Server::builder().add_service(MessageServiceServer::new(service))).await?;
    let messages = Messages::new("order-service", &address, PATIENT);
    let list = async |queue: &str, most| messages.list(queue, most, TraceParent::start()).await;
    for (most, asked) in [(7, 7), (1_000, 100), (0, 100)] {
        let listed = list("mine", most).await?;
        assert_eq!((listed.len(), asked_for.load(Ordering::Relaxed)), (usize::from(most > 0), asked));
        let outcome = Outcome::Quarantine("never".to_owned());
        assert!(listed.iter().all(|message| message.body == "{}" && message.outcome == outcome), "{listed:?}");
    }
    assert_eq!(list("another", 7).await, Err(MessagesError::UnknownQueue));
    Ok(())
}

#[tokio::test]
async fn who_does_not_answer_or_says_what_nobody_understands_is_told_from_that() -> Result<()> {
    let service = Consumes { message: PassedMessage { outcome: 99, ..passed() }, asked_for: Arc::default() };
    let (newer, _running) = serve(Server::builder().add_service(MessageServiceServer::new(service))).await?;
    let (silent, _listener) = silent().await?;
    for (address, why) in [(closed(), "Unavailable"), (silent, ""), (newer, "Internal: outcome")] {
        let deadline = if why.is_empty() { HASTY } else { PATIENT };
        let started = Instant::now();
        let listed = Messages::new("order-service", &address, deadline).list("mine", 7, TraceParent::start()).await;
        assert!(matches!(&listed, Err(MessagesError::NoAnswer(said)) if said.starts_with(why)), "{why}: {listed:?}");
        assert!(started.elapsed() < BOUND, "{why}: {:?}", started.elapsed());
    }
    Ok(())
}
