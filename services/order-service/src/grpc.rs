//! The gRPC service: lookups for the other services of Dispatch.

use dispatch_contracts::{
    grpc::{
        BatchGetOrdersRequest, BatchGetOrdersResponse, GetOrderRequest, GetOrderResponse, MAX_BATCH,
        order_service_server::OrderService,
    },
    id::OrderId,
};
use tonic::{Request, Response, Status};

use crate::{error::Error, orders::Orders};

/// Serves orders.
#[derive(Debug)]
pub struct Grpc(pub Orders);

#[tonic::async_trait]
impl OrderService for Grpc {
    async fn get_order(&self, request: Request<GetOrderRequest>) -> Result<Response<GetOrderResponse>, Status> {
        let order_id = order_id("order_id", &request.get_ref().order_id)?;
        let order = self.0.get(order_id).await?;
        Ok(Response::new(GetOrderResponse { order: Some(order.into()) }))
    }

    async fn batch_get_orders(
        &self,
        request: Request<BatchGetOrdersRequest>,
    ) -> Result<Response<BatchGetOrdersResponse>, Status> {
        let ids = &request.get_ref().order_ids;
        if ids.len() > MAX_BATCH {
            return Err(Status::invalid_argument(format!("order_ids: at most {MAX_BATCH}, not {}", ids.len())));
        }
        let ids = ids.iter().map(|id| order_id("order_ids", id)).collect::<Result<Vec<_>, _>>()?;
        let orders = self.0.get_many(&ids).await?;
        Ok(Response::new(BatchGetOrdersResponse { orders: orders.into_iter().map(Into::into).collect() }))
    }
}

fn order_id(field: &str, text: &str) -> Result<OrderId, Status> {
    text.parse().map_err(|error| Status::invalid_argument(format!("{field}: {error}")))
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::OrderNotFound => Self::not_found(error.to_string()),
            Error::OrderConflict | Error::IdempotencyKeyReused => Self::already_exists(error.to_string()),
            Error::ImpossibleTransition { .. } => Self::failed_precondition(error.to_string()),
            Error::NoSuchPlace => Self::invalid_argument(error.to_string()),
            Error::Database(error) => {
                tracing::error!(%error, "a call could not be served");
                Self::unavailable("the service cannot answer now, try again")
            }
        }
    }
}
