//! What passed through the queues of a service, over gRPC: the wire tap, shown by each service about its own queues.
//!
//! Guarantees: an answer is smaller than the 4 MiB that a client of gRPC takes, whatever passed.

mod crossing;

use dispatch_contracts::grpc::{ListMessagesRequest, ListMessagesResponse, message_service_server::MessageService};
use messaging::WireTap;
use tonic::{Request, Response, Status};

pub use self::crossing::from_grpc;

/// How many messages an answer has where none is asked for.
const USUAL: u32 = 50;
/// How many messages an answer has at most.
pub const MOST: u32 = 100;

/// Serves `dispatch.v1.MessageService`.
#[derive(Debug, Clone)]
pub struct Messages(pub WireTap);

#[tonic::async_trait]
impl MessageService for Messages {
    async fn list_messages(
        &self,
        request: Request<ListMessagesRequest>,
    ) -> Result<Response<ListMessagesResponse>, Status> {
        let ListMessagesRequest { queue, page_size } = request.into_inner();
        let most = match page_size {
            0 => USUAL,
            1..=MOST => page_size,
            more => return Err(Status::invalid_argument(format!("page_size: at most {MOST}, not {more}"))),
        };
        if !self.0.queues().contains(&queue) {
            return Err(Status::not_found("this service does not consume the queue"));
        }
        let passed = self.0.latest(&queue, most).await.map_err(|error| {
            tracing::error!(%error, "a call could not be served");
            Status::unavailable("the service cannot answer now, try again")
        })?;
        Ok(Response::new(ListMessagesResponse { messages: passed.into_iter().map(crossing::to_grpc).collect() }))
    }
}
