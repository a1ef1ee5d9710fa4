//! Couriers, looked up at courier-service.

use std::time::Duration;

use dispatch_contracts::{
    grpc::{BatchGetCouriersRequest, courier_service_client::CourierServiceClient},
    id::CourierId,
    resource::Courier,
};
use runtime::dial;
use tonic::{Status, transport::Endpoint};
use trace::TraceParent;

use crate::{Found, peer::Peer};

/// Looks couriers up.
#[derive(Debug, Clone)]
pub struct Couriers(Peer);

impl Couriers {
    /// At the courier-service at this address, waiting no longer than this. Connects only when used.
    #[must_use]
    pub fn new(address: &Endpoint, deadline: Duration) -> Self {
        Self(Peer::new("courier-service", address, deadline))
    }

    /// Those of the couriers that courier-service knows, as far as it answered in time.
    pub async fn find(&self, ids: &[CourierId], trace: TraceParent) -> Found<CourierId, Courier> {
        self.0.find(ids, |courier_ids| self.find_batch(courier_ids, trace)).await
    }

    /// Whether courier-service says that it serves.
    ///
    /// # Errors
    /// It does not, with what it says instead, or it did not answer in time.
    pub async fn health(&self) -> Result<(), String> {
        self.0.health().await
    }

    async fn find_batch(
        &self,
        courier_ids: Vec<String>,
        trace: TraceParent,
    ) -> Result<Vec<(CourierId, Courier)>, Status> {
        let mut request = self.0.request(BatchGetCouriersRequest { courier_ids });
        let _span = dial::span(&mut request, "dispatch.v1.CourierService/BatchGetCouriers", trace);
        let answer = CourierServiceClient::new(self.0.channel()).batch_get_couriers(request).await?.into_inner();
        let couriers = answer.couriers.into_iter().map(|found| {
            let courier = Courier::try_from(found).map_err(|error| Status::internal(error.to_string()))?;
            Ok((courier.courier_id, courier))
        });
        couriers.collect()
    }
}
