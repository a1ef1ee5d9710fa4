//! Couriers, looked up at courier-service over gRPC.
//!
//! A lookup never fails and never takes longer than its deadline: what courier-service did not answer for is missing
//! from the answer.

use std::{collections::HashMap, time::Duration};

use dispatch_contracts::{
    grpc::{BatchGetCouriersRequest, MAX_BATCH, courier_service_client::CourierServiceClient},
    id::CourierId,
    resource::Courier,
};
use runtime::dial;
use tonic::{Request, Status, transport::Channel};
use trace::TraceParent;

use crate::settings::LookupSettings;

/// Looks couriers up.
#[derive(Debug, Clone)]
pub struct CourierLookup {
    client: CourierServiceClient<Channel>,
    deadline: Duration,
}

impl CourierLookup {
    /// Connects only when used.
    #[must_use]
    pub fn new(settings: &LookupSettings) -> Self {
        let deadline = settings.timeout();
        let channel = dial::lazily(&settings.courier_service_grpc_url, deadline);
        Self { client: CourierServiceClient::new(channel), deadline }
    }

    /// Those of the couriers that courier-service knows, as far as it answered in time.
    pub async fn find(&self, ids: &[CourierId], trace: TraceParent) -> HashMap<CourierId, Courier> {
        let mut found = HashMap::with_capacity(ids.len());
        // One deadline for all: whoever waits for the answer waits for the sum.
        let asked = tokio::time::timeout(self.deadline, async {
            for batch in ids.chunks(MAX_BATCH) {
                found.extend(
                    self.find_batch(batch, trace).await?.into_iter().map(|courier| (courier.courier_id, courier)),
                );
            }
            Ok::<_, Status>(())
        });
        let failure = match asked.await {
            Ok(Ok(())) => return found,
            Ok(Err(status)) => status.to_string(),
            Err(_) => format!("no answer within {:?}", self.deadline),
        };
        metrics::counter!("dispatch_lookup_failures_total", "service" => "courier-service").increment(1);
        tracing::warn!(error = failure, missing = ids.len() - found.len(), "courier-service could not be asked");
        found
    }

    async fn find_batch(&self, ids: &[CourierId], trace: TraceParent) -> Result<Vec<Courier>, Status> {
        let mut request =
            Request::new(BatchGetCouriersRequest { courier_ids: ids.iter().map(ToString::to_string).collect() });
        request.set_timeout(self.deadline);
        let _span = dial::span(&mut request, "dispatch.v1.CourierService/BatchGetCouriers", trace);
        let answer = self.client.clone().batch_get_couriers(request).await?.into_inner();
        let couriers = answer.couriers.into_iter().map(Courier::try_from);
        couriers.collect::<Result<_, _>>().map_err(|error| Status::internal(error.to_string()))
    }
}
