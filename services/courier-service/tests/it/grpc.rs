//! gRPC of the real binary: each call, health, reflection.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context as _, Result};
use dispatch_contracts::{
    grpc::{
        BatchGetCouriersRequest, GetCourierRequest, ListCourierOrdersRequest, MAX_BATCH, OrderStatus,
        courier_service_client::CourierServiceClient,
    },
    resource::Courier,
};
use lookup::{Couriers, Messages, MessagesError};
use serde_json::json;
use test_support::eventually;
use tonic::{Code, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use trace::TraceParent;

use crate::support::{World, assigned, courier_id, injected, order_id};

const PATIENCE: Duration = Duration::from_secs(15);

/// The code of a call that was refused.
fn refusal<T>(answer: Result<T, tonic::Status>) -> Option<Code> {
    answer.err().map(|status| status.code())
}

#[tokio::test]
async fn couriers_are_looked_up() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let id = courier_id().to_string();
    let made = service.put(&format!("/couriers/{id}"), &json!({"name": "a", "zone": "S", "capacity": 2})).await?.body;
    let mut client = CourierServiceClient::connect(service.grpc.clone()).await?;

    let request = GetCourierRequest { courier_id: id.clone() };
    let courier = client.get_courier(request).await?.into_inner().courier.context("a courier")?;
    assert_eq!(serde_json::to_value(Courier::try_from(courier.clone())?)?, made, "REST and gRPC say the same");

    let stranger = courier_id().to_string();
    let courier_ids = vec![stranger.clone(), id.clone(), id];
    let batch = client.batch_get_couriers(BatchGetCouriersRequest { courier_ids }).await?.into_inner();
    assert_eq!(batch.couriers, [courier]);

    let answer = client.get_courier(GetCourierRequest { courier_id: stranger.clone() }).await;
    assert_eq!(refusal(answer), Some(Code::NotFound));
    let answer = client.get_courier(GetCourierRequest { courier_id: "x".to_owned() }).await;
    assert_eq!(refusal(answer), Some(Code::InvalidArgument));
    let bad_id = BatchGetCouriersRequest { courier_ids: vec![stranger.clone(), String::new()] };
    assert_eq!(refusal(client.batch_get_couriers(bad_id).await), Some(Code::InvalidArgument));
    let most = BatchGetCouriersRequest { courier_ids: vec![stranger.clone(); MAX_BATCH] };
    assert!(client.batch_get_couriers(most).await?.into_inner().couriers.is_empty());
    let too_many = BatchGetCouriersRequest { courier_ids: vec![stranger; MAX_BATCH + 1] };
    assert_eq!(refusal(client.batch_get_couriers(too_many).await), Some(Code::InvalidArgument));
    drop(client);
    service.stop().await
}

#[tokio::test]
async fn orders_of_a_courier_are_listed() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let (who, orders) = (courier_id(), [order_id(), order_id(), order_id()]);
    let times = ["2026-01-01T00:00:03Z", "2026-01-01T00:00:02Z", "2026-01-01T00:00:01Z"];
    let news: Vec<_> = orders.iter().zip(times).map(|(order, at)| assigned(*order, who, at)).collect();
    world.assignments.send(&news).await?;
    world.assignments.drained().await?;
    let mut client = CourierServiceClient::connect(service.grpc.clone()).await?;

    let all = ListCourierOrdersRequest { courier_id: who.to_string(), ..Default::default() };
    let page = client.list_courier_orders(all.clone()).await?.into_inner();
    let ids: Vec<_> = page.pairs.iter().map(|pair| pair.order_id.clone()).collect();
    assert_eq!((ids, page.next_page_token.as_str()), (orders.map(|id| id.to_string()).to_vec(), ""));
    assert!(page.pairs.iter().all(|pair| pair.status() == OrderStatus::Assigned && pair.zone == "S"));

    let first = ListCourierOrdersRequest { page_size: 2, status: OrderStatus::Assigned.into(), ..all.clone() };
    let first = client.list_courier_orders(first).await?.into_inner();
    let second = ListCourierOrdersRequest { page_size: 2, page_token: first.next_page_token, ..all.clone() };
    let second = client.list_courier_orders(second).await?.into_inner();
    assert_eq!((first.pairs.as_slice(), second.pairs.as_slice()), (&page.pairs[..2], &page.pairs[2..]));
    assert_eq!(second.next_page_token, "");
    let delivered = ListCourierOrdersRequest { status: OrderStatus::Delivered.into(), ..all.clone() };
    assert!(client.list_courier_orders(delivered).await?.into_inner().pairs.is_empty());

    for (request, expected) in [
        (ListCourierOrdersRequest { courier_id: courier_id().to_string(), ..all.clone() }, Code::NotFound),
        (ListCourierOrdersRequest { courier_id: "x".to_owned(), ..all.clone() }, Code::InvalidArgument),
        (ListCourierOrdersRequest { page_size: 101, ..all.clone() }, Code::InvalidArgument),
        (ListCourierOrdersRequest { page_token: "x".to_owned(), ..all.clone() }, Code::InvalidArgument),
        (ListCourierOrdersRequest { status: 99, ..all.clone() }, Code::InvalidArgument),
    ] {
        let answer = client.list_courier_orders(request.clone()).await;
        assert_eq!(refusal(answer), Some(expected), "{request:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_other_services_look_couriers_up_here() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let couriers = Couriers::new(&Endpoint::from_shared(service.grpc.clone())?, PATIENCE);
    assert_eq!(couriers.health().await, Ok(()));
    let put = format!("/couriers/{}", courier_id());
    let made = service.put(&put, &json!({"name": "a", "zone": "S"})).await?.body;
    let made: Courier = serde_json::from_value(made)?;
    let found = couriers.find(&[courier_id(), made.courier_id], TraceParent::start()).await;
    assert!(found.is_complete);
    assert_eq!(found.by_id, HashMap::from([(made.courier_id, made)]));
    service.stop().await?;
    assert!(couriers.health().await.is_err());
    Ok(())
}

#[tokio::test]
async fn health_and_reflection_answer() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let channel = Endpoint::from_shared(service.grpc.clone())?.connect().await?;
    for name in ["", "dispatch.v1.CourierService", "dispatch.v1.MessageService"] {
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
    for name in ["dispatch.v1.CourierService", "dispatch.v1.MessageService"] {
        assert!(list.service.iter().any(|service| service.name == name), "{name}: {list:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_passed_through_its_queues_is_listed() -> Result<()> {
    let world = World::create().await?;
    let service = world.start(&[]).await?;
    let who = courier_id();
    let news = [injected(who, "S", "2026-01-01T00:00:01Z"), assigned(order_id(), who, "2026-01-01T00:00:02Z")];
    world.events.send(&news[..1]).await?;
    world.assignments.send(&news[1..]).await?;
    let messages = Messages::new("courier-service", &Endpoint::from_shared(service.grpc.clone())?, PATIENCE);
    for (queue, body) in [&world.events.name, &world.assignments.name].into_iter().zip(&news) {
        eventually("it has passed", || async {
            // A look that takes too long is given up, by design.
            let listed = match messages.list(queue, 100, TraceParent::start()).await {
                Err(MessagesError::NoAnswer(_)) => return Ok(None),
                listed => listed?,
            };
            Ok(listed.iter().any(|message| message.body == *body).then_some(()))
        })
        .await?;
    }
    service.stop().await
}
