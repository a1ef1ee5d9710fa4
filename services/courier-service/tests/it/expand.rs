//! `?expand=order`: what order-service says, or which part is missing.

use anyhow::Result;
use chrono::DateTime;
use dispatch_contracts::{
    grpc::{
        BatchGetOrdersRequest, BatchGetOrdersResponse, GetOrderRequest, GetOrderResponse,
        order_service_server::{OrderService, OrderServiceServer},
    },
    id::{CourierId, OrderId},
    order::OrderStatus,
    resource::Order,
};
use serde_json::{Value, json};
use test_support::ServiceProcess;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

use crate::support::{CLOSED, World, assigned, courier_id, order_id};

/// An order-service that knows some orders.
struct Knows(Vec<Order>);

#[tonic::async_trait]
impl OrderService for Knows {
    async fn get_order(&self, _: Request<GetOrderRequest>) -> Result<Response<GetOrderResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn batch_get_orders(
        &self,
        request: Request<BatchGetOrdersRequest>,
    ) -> Result<Response<BatchGetOrdersResponse>, Status> {
        if request.metadata().get("grpc-timeout").is_none() {
            return Err(Status::invalid_argument("a call has a deadline"));
        }
        let asked = &request.get_ref().order_ids;
        let known = self.0.iter().filter(|order| asked.contains(&order.order_id.to_string()));
        Ok(Response::new(BatchGetOrdersResponse { orders: known.cloned().map(Into::into).collect() }))
    }
}

async fn serve(orders: Vec<Order>) -> Result<(String, AbortOnDropHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let service = Server::builder().add_service(OrderServiceServer::new(Knows(orders)));
    let task = tokio::spawn(async move {
        let _ = service.serve_with_incoming(TcpIncoming::from(listener)).await;
    });
    Ok((url, AbortOnDropHandle::new(task)))
}

fn order() -> Result<Order> {
    Ok(Order {
        order_id: order_id(),
        details: "Buy".to_owned().try_into().map_err(anyhow::Error::msg)?,
        zone: "S".parse()?,
        status: OrderStatus::Pending,
        priority: Default::default(),
        added_at: DateTime::UNIX_EPOCH,
        courier_id: None,
        assigned_at: None,
    })
}

/// Gives the orders to the courier, the first one last.
async fn give(world: &World, orders: &[OrderId], courier_id: CourierId) -> Result<()> {
    let news = orders.iter().zip((10..60).rev());
    let news: Vec<_> =
        news.map(|(order, second)| assigned(*order, courier_id, &format!("2026-01-01T00:00:{second}Z"))).collect();
    world.assignments.send(&news).await?;
    world.assignments.drained().await
}

async fn ask(service: &ServiceProcess, path: &str) -> Result<Value> {
    let answer = service.get(path).await?;
    assert_eq!(answer.status, 200, "{answer:?}");
    Ok(answer.body)
}

#[tokio::test]
async fn the_orders_are_shown_or_named_as_missing() -> Result<()> {
    let world = World::create().await?;
    let (one, two, stranger, who) = (order()?, order()?, order_id(), courier_id());
    let (url, _order_service) = serve(vec![one.clone(), two.clone()]).await?;
    let service = world.start(&[("ORDER_SERVICE_GRPC_URL", &url), ("LOOKUP_TIMEOUT_MILLISECONDS", "15000")]).await?;
    give(&world, &[one.order_id, stranger, two.order_id], who).await?;

    let page = ask(&service, &format!("/couriers/{who}/orders?expand=order")).await?;
    let shown = json!([page["items"][0]["order"], page["items"][1]["order"], page["items"][2]["order"]]);
    assert_eq!((shown, &page["missing"]), (json!([one, null, two]), &json!([stranger])));
    assert_eq!((&page["items"][1]["orderId"], &page["nextCursor"]), (&json!(stranger), &json!(null)));

    let pair = ask(&service, &format!("/orders/{}/courier?expand=order", one.order_id)).await?;
    assert_eq!((&pair["order"], &pair["missing"], &pair["courierId"]), (&json!(one), &json!([]), &json!(who)));
    let pair = ask(&service, &format!("/orders/{stranger}/courier?expand=order")).await?;
    assert_eq!((&pair["order"], &pair["missing"]), (&json!(null), &json!([stranger])));

    let plain = ask(&service, &format!("/couriers/{who}/orders")).await?;
    assert!(plain.get("missing").is_none() && plain["items"][0].get("order").is_none(), "{plain}");
    Ok(())
}

#[tokio::test]
async fn an_order_service_that_is_down_or_silent_makes_nothing_fail() -> Result<()> {
    let world = World::create().await?;
    let (orders, who) = ([order_id(), order_id()], courier_id());
    // The kernel accepts; nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    for url in [CLOSED.to_owned(), format!("http://{}", silent.local_addr()?)] {
        let service = world.start(&[("ORDER_SERVICE_GRPC_URL", &url), ("LOOKUP_TIMEOUT_MILLISECONDS", "300")]).await?;
        give(&world, &orders, who).await?;
        let page = ask(&service, &format!("/couriers/{who}/orders?expand=order")).await?;
        assert_eq!(page["missing"], json!(orders), "{url}");
        assert_eq!((&page["items"][0]["order"], &page["items"][0]["orderId"]), (&json!(null), &json!(orders[0])));
        let pair = ask(&service, &format!("/orders/{}/courier?expand=order", orders[1])).await?;
        assert_eq!((&pair["order"], &pair["missing"]), (&json!(null), &json!([orders[1]])), "{url}");
        service.stop().await?;
    }
    Ok(())
}
