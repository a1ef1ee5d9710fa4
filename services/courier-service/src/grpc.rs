//! The gRPC service: lookups for the other services of Dispatch.

use dispatch_contracts::{
    grpc::{
        BatchGetCouriersRequest, BatchGetCouriersResponse, GetCourierRequest, GetCourierResponse,
        ListCourierOrdersRequest, ListCourierOrdersResponse, MAX_BATCH, OrderStatus,
        courier_service_server::CourierService,
    },
    id::CourierId,
};
use rest::{Cursor, Page, page::Limit};
use tonic::{Request, Response, Status};

use crate::{
    couriers::Couriers,
    error::Error,
    pairs::{Pairs, Position},
};

/// Serves couriers and pairs.
#[derive(Debug)]
pub struct Grpc {
    /// The couriers.
    pub couriers: Couriers,
    /// The pairs.
    pub pairs: Pairs,
}

#[tonic::async_trait]
impl CourierService for Grpc {
    async fn get_courier(&self, request: Request<GetCourierRequest>) -> Result<Response<GetCourierResponse>, Status> {
        let courier_id = courier_id("courier_id", &request.get_ref().courier_id)?;
        let courier = self.couriers.get(courier_id).await?;
        Ok(Response::new(GetCourierResponse { courier: Some(courier.into()) }))
    }

    async fn batch_get_couriers(
        &self,
        request: Request<BatchGetCouriersRequest>,
    ) -> Result<Response<BatchGetCouriersResponse>, Status> {
        let ids = &request.get_ref().courier_ids;
        if ids.len() > MAX_BATCH {
            return Err(Status::invalid_argument(format!("courier_ids: at most {MAX_BATCH}, not {}", ids.len())));
        }
        let ids = ids.iter().map(|id| courier_id("courier_ids", id)).collect::<Result<Vec<_>, _>>()?;
        let couriers = self.couriers.get_many(&ids).await?;
        Ok(Response::new(BatchGetCouriersResponse { couriers: couriers.into_iter().map(Into::into).collect() }))
    }

    async fn list_courier_orders(
        &self,
        request: Request<ListCourierOrdersRequest>,
    ) -> Result<Response<ListCourierOrdersResponse>, Status> {
        let request = request.into_inner();
        let courier_id = courier_id("courier_id", &request.courier_id)?;
        let limit = match request.page_size {
            0 => Limit::default(),
            size => Limit::try_from(size).map_err(|reason| Status::invalid_argument(format!("page_size: {reason}")))?,
        };
        let status = OrderStatus::try_from(request.status)
            .map_err(|_| Status::invalid_argument("status: is none of OrderStatus"))?
            .known();
        let after = Some(request.page_token).filter(|token| !token.is_empty()).map(Cursor::from_token);
        let after = after.map(|cursor| cursor.position::<Position>()).transpose();
        let after = after.map_err(|_| Status::invalid_argument("page_token: is no next_page_token of this list"))?;
        let rows = self.pairs.of_courier(courier_id, status, after.as_ref(), limit.rows()).await?;
        let page = Page::of_rows(rows, limit, |pair| Position::from(pair));
        Ok(Response::new(ListCourierOrdersResponse {
            pairs: page.items.into_iter().map(Into::into).collect(),
            next_page_token: page.next_cursor.map(Cursor::into_token).unwrap_or_default(),
        }))
    }
}

fn courier_id(field: &str, text: &str) -> Result<CourierId, Status> {
    text.parse().map_err(|error| Status::invalid_argument(format!("{field}: {error}")))
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::CourierNotFound | Error::OrderNotFound | Error::OrderNotAssigned => {
                Self::not_found(error.to_string())
            }
            Error::NotTheirOrder { .. } | Error::ImpossibleTransition { .. } => {
                Self::failed_precondition(error.to_string())
            }
            Error::Database(error) => {
                tracing::error!(%error, "a call could not be served");
                Self::unavailable("the service cannot answer now, try again")
            }
        }
    }
}
