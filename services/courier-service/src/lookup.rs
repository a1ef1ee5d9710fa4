//! Orders, looked up at order-service over gRPC.
//!
//! A lookup never fails and never takes longer than its deadline: what order-service did not answer for is missing
//! from the answer.

use std::{collections::HashMap, time::Duration};

use dispatch_contracts::{
    grpc::{BatchGetOrdersRequest, MAX_BATCH, order_service_client::OrderServiceClient},
    id::OrderId,
    resource::Order,
};
use runtime::dial;
use tonic::{Request, Status, transport::Channel};
use trace::TraceParent;

use crate::settings::LookupSettings;

/// Looks orders up.
#[derive(Debug, Clone)]
pub struct OrderLookup {
    client: OrderServiceClient<Channel>,
    deadline: Duration,
}

impl OrderLookup {
    /// Connects only when used.
    #[must_use]
    pub fn new(settings: &LookupSettings) -> Self {
        let deadline = settings.timeout();
        let channel = dial::lazily(&settings.order_service_grpc_url, deadline);
        Self { client: OrderServiceClient::new(channel), deadline }
    }

    /// Those of the orders that order-service knows, as far as it answered in time.
    pub async fn find(&self, ids: &[OrderId], trace: TraceParent) -> HashMap<OrderId, Order> {
        let mut found = HashMap::with_capacity(ids.len());
        // One deadline for all: whoever waits for the answer waits for the sum.
        let asked = tokio::time::timeout(self.deadline, async {
            for batch in ids.chunks(MAX_BATCH) {
                found.extend(self.find_batch(batch, trace).await?.into_iter().map(|order| (order.order_id, order)));
            }
            Ok::<_, Status>(())
        });
        let failure = match asked.await {
            Ok(Ok(())) => return found,
            Ok(Err(status)) => status.to_string(),
            Err(_) => format!("no answer within {:?}", self.deadline),
        };
        metrics::counter!("dispatch_lookup_failures_total", "service" => "order-service").increment(1);
        tracing::warn!(error = failure, missing = ids.len() - found.len(), "order-service could not be asked");
        found
    }

    async fn find_batch(&self, ids: &[OrderId], trace: TraceParent) -> Result<Vec<Order>, Status> {
        let mut request =
            Request::new(BatchGetOrdersRequest { order_ids: ids.iter().map(ToString::to_string).collect() });
        request.set_timeout(self.deadline);
        let _span = dial::span(&mut request, "dispatch.v1.OrderService/BatchGetOrders", trace);
        let answer = self.client.clone().batch_get_orders(request).await?.into_inner();
        let orders = answer.orders.into_iter().map(Order::try_from);
        orders.collect::<Result<_, _>>().map_err(|error| Status::internal(error.to_string()))
    }
}
