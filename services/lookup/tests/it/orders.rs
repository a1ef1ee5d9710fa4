//! Orders, at an order-service that knows one.

use std::time::Duration;

use anyhow::Result;
use chrono::DateTime;
use dispatch_contracts::{
    grpc::{
        BatchGetOrdersRequest, BatchGetOrdersResponse, GetOrderRequest, GetOrderResponse,
        order_service_server::{OrderService, OrderServiceServer},
    },
    id::OrderId,
    order::OrderStatus,
    resource::Order,
};
use lookup::Orders;
use tonic::{Request, Response, Status, transport::Server};
use trace::TraceParent;
use uuid::Uuid;

use crate::server::{closed, demand_deadline, serve};

const PATIENT: Duration = Duration::from_secs(30);

struct Knows(Order);

#[tonic::async_trait]
impl OrderService for Knows {
    async fn get_order(&self, _: Request<GetOrderRequest>) -> Result<Response<GetOrderResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn batch_get_orders(
        &self,
        request: Request<BatchGetOrdersRequest>,
    ) -> Result<Response<BatchGetOrdersResponse>, Status> {
        demand_deadline(&request)?;
        let known = request.get_ref().order_ids.contains(&self.0.order_id.to_string());
        let orders = known.then(|| self.0.clone().into()).into_iter().collect();
        Ok(Response::new(BatchGetOrdersResponse { orders }))
    }
}

#[tokio::test]
async fn an_order_is_known_or_unknown_or_cannot_be_asked_for() -> Result<()> {
    let order = Order {
        order_id: Uuid::new_v4().into(),
        details: "Buy".to_owned().try_into().map_err(anyhow::Error::msg)?,
        zone: "S".parse()?,
        status: OrderStatus::Pending,
        priority: Default::default(),
        added_at: DateTime::UNIX_EPOCH,
        courier_id: None,
        assigned_at: None,
    };
    let (address, _running) =
        serve(Server::builder().add_service(OrderServiceServer::new(Knows(order.clone())))).await?;
    let stranger = OrderId::from(Uuid::new_v4());

    let found = Orders::new(&address, PATIENT).find(&[stranger, order.order_id], TraceParent::start()).await;
    assert!(found.is_complete && !found.by_id.contains_key(&stranger));
    assert_eq!(found.by_id.get(&order.order_id), Some(&order));
    let found = Orders::new(&closed(), PATIENT).find(&[order.order_id], TraceParent::start()).await;
    assert!(!found.is_complete && found.by_id.is_empty());
    Ok(())
}
