//! Orders, looked up at order-service.

use std::time::Duration;

use dispatch_contracts::{
    grpc::{BatchGetOrdersRequest, order_service_client::OrderServiceClient},
    id::OrderId,
    resource::Order,
};
use runtime::dial;
use tonic::{Status, transport::Endpoint};
use trace::TraceParent;

use crate::{Found, peer::Peer};

/// Looks orders up.
#[derive(Debug, Clone)]
pub struct Orders(Peer);

impl Orders {
    /// At the order-service at this address, waiting no longer than this. Connects only when used.
    #[must_use]
    pub fn new(address: &Endpoint, deadline: Duration) -> Self {
        Self(Peer::new("order-service", address, deadline))
    }

    /// Those of the orders that order-service knows, as far as it answered in time.
    pub async fn find(&self, ids: &[OrderId], trace: TraceParent) -> Found<OrderId, Order> {
        self.0.find(ids, |order_ids| self.find_batch(order_ids, trace)).await
    }

    /// Whether order-service says that it serves.
    ///
    /// # Errors
    /// It does not, with what it says instead, or it did not answer in time.
    pub async fn health(&self) -> Result<(), String> {
        self.0.health().await
    }

    async fn find_batch(&self, order_ids: Vec<String>, trace: TraceParent) -> Result<Vec<(OrderId, Order)>, Status> {
        let mut request = self.0.request(BatchGetOrdersRequest { order_ids });
        let _span = dial::span(&mut request, "dispatch.v1.OrderService/BatchGetOrders", trace);
        let answer = OrderServiceClient::new(self.0.channel()).batch_get_orders(request).await?.into_inner();
        let orders = answer.orders.into_iter().map(|found| {
            let order = Order::try_from(found).map_err(|error| Status::internal(error.to_string()))?;
            Ok((order.order_id, order))
        });
        orders.collect()
    }
}
