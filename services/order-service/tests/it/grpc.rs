//! gRPC of the real binary: each call, health, reflection.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context as _, Result};
use dispatch_contracts::{
    grpc::{BatchGetOrdersRequest, GetOrderRequest, MAX_BATCH, OrderStatus, order_service_client::OrderServiceClient},
    resource::Order,
};
use lookup::Orders;
use serde_json::json;
use tonic::{Code, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use trace::TraceParent;
use uuid::Uuid;

use crate::support::World;

/// The code of a call that was refused.
fn refusal<T>(answer: Result<T, tonic::Status>) -> Option<Code> {
    answer.err().map(|status| status.code())
}

#[tokio::test]
async fn orders_are_looked_up() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let made = service.post("/orders", &json!({"details": "Buy", "zone": "S", "priority": 2})).await?.body;
    let order_id = made["orderId"].as_str().context("an id")?.to_owned();
    let mut client = OrderServiceClient::connect(service.grpc.clone()).await?;

    let request = GetOrderRequest { order_id: order_id.clone() };
    let order = client.get_order(request).await?.into_inner().order.context("an order")?;
    assert_eq!((order.status(), order.priority, &order.courier_id), (OrderStatus::Pending, 2, &None));
    assert_eq!(serde_json::to_value(Order::try_from(order.clone())?)?, made, "REST and gRPC say the same");

    let stranger = Uuid::new_v4().to_string();
    let order_ids = vec![stranger.clone(), order_id.clone(), order_id];
    let batch = client.batch_get_orders(BatchGetOrdersRequest { order_ids }).await?.into_inner();
    assert_eq!(batch.orders, [order]);
    let none = client.batch_get_orders(BatchGetOrdersRequest::default()).await?.into_inner();
    assert!(none.orders.is_empty());

    let answer = client.get_order(GetOrderRequest { order_id: stranger.clone() }).await;
    assert_eq!(refusal(answer), Some(Code::NotFound));
    let answer = client.get_order(GetOrderRequest { order_id: "x".to_owned() }).await;
    assert_eq!(refusal(answer), Some(Code::InvalidArgument));
    let bad_id = BatchGetOrdersRequest { order_ids: vec![stranger.clone(), String::new()] };
    assert_eq!(refusal(client.batch_get_orders(bad_id).await), Some(Code::InvalidArgument));
    let most = BatchGetOrdersRequest { order_ids: vec![stranger.clone(); MAX_BATCH] };
    assert!(client.batch_get_orders(most).await?.into_inner().orders.is_empty());
    let too_many = BatchGetOrdersRequest { order_ids: vec![stranger; MAX_BATCH + 1] };
    assert_eq!(refusal(client.batch_get_orders(too_many).await), Some(Code::InvalidArgument));
    drop(client);
    service.stop().await
}

#[tokio::test]
async fn the_other_services_look_orders_up_here() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let patience = Duration::from_secs(15);
    let orders = Orders::new(&Endpoint::from_shared(service.grpc.clone())?, patience);
    assert_eq!(orders.health().await, Ok(()));
    let made = service.post("/orders", &json!({"details": "Buy", "zone": "S"})).await?.body;
    let made: Order = serde_json::from_value(made)?;
    let found = orders.find(&[Uuid::new_v4().into(), made.order_id], TraceParent::start()).await;
    assert!(found.is_complete);
    assert_eq!(found.by_id, HashMap::from([(made.order_id, made)]));
    service.stop().await?;
    assert!(orders.health().await.is_err());
    Ok(())
}

#[tokio::test]
async fn health_and_reflection_answer() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let channel = Endpoint::from_shared(service.grpc.clone())?.connect().await?;
    for name in ["", "dispatch.v1.OrderService", "dispatch.v1.MessageService"] {
        let request = HealthCheckRequest { service: name.to_owned() };
        let answer = HealthClient::new(channel.clone()).check(request).await?.into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{name:?}");
    }
    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let requests = futures::stream::iter([list]);
    let mut answers = ServerReflectionClient::new(channel).server_reflection_info(requests).await?.into_inner();
    let answer = answers.message().await?.and_then(|answer| answer.message_response);
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { anyhow::bail!("{answer:?}") };
    for name in ["dispatch.v1.OrderService", "dispatch.v1.MessageService"] {
        assert!(list.service.iter().any(|service| service.name == name), "{name}: {list:?}");
    }
    Ok(())
}

#[tokio::test]
async fn who_watches_health_is_told_that_it_stops() -> Result<()> {
    let world = World::create().await?;
    let mut service = world.start(&[]).await?;
    let channel = Endpoint::from_shared(service.grpc.clone())?.connect().await?;
    let mut watched = Vec::new();
    for name in ["", "dispatch.v1.OrderService", "dispatch.v1.MessageService"] {
        let request = HealthCheckRequest { service: name.to_owned() };
        watched.push(HealthClient::new(channel.clone()).watch(request).await?.into_inner());
    }
    for told in [ServingStatus::Serving, ServingStatus::NotServing] {
        for statuses in &mut watched {
            assert_eq!(statuses.message().await?.context("a status")?.status(), told);
        }
        if told == ServingStatus::Serving {
            service.signal("TERM").await?;
        }
    }
    drop((watched, channel));
    assert!(service.exited().await?.success());
    Ok(())
}
