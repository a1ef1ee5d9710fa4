//! gRPC, on each port: the services, health and reflection.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use dispatch_contracts::{
    grpc::{
        BatchGetCouriersRequest, BatchGetOrdersRequest, GetAssignmentRequest, GetCourierLoadRequest, GetCourierRequest,
        GetOrderRequest, GetZoneRequest, ListCourierOrdersRequest, ListMessagesRequest, OrderStatus, from_timestamp,
        message_service_client::MessageServiceClient,
    },
    resource,
};
use e2e::{World, system::Instances};
use futures::stream;
use test_support::eventually;
use tonic::{Code, Response, Status, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::{
    v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    },
    v1alpha,
};
use uuid::Uuid;

fn code<T>(answer: Result<Response<T>, Status>) -> Option<Code> {
    answer.err().map(|status| status.code())
}

#[tokio::test]
async fn orders_are_looked_up() -> Result<()> {
    let world = World::new().await?;
    let [first, second] = [world.publish_order().await?, world.publish_order().await?];
    let courier = world.publish_courier(1).await?;
    world.assigned(&[first, second]).await?;
    let shown = world.orders().get(&format!("/orders/{first}")).await?.expect(200)?;
    let expected: resource::Order = serde_json::from_value(shown)?;
    for channel in world.system.order.grpc.each() {
        let mut orders = dispatch_contracts::grpc::order_service_client::OrderServiceClient::new(channel.clone());
        let found = orders.get_order(GetOrderRequest { order_id: first.to_string() }).await?.into_inner();
        let order = found.order.context("an order")?;
        assert_eq!((order.status(), order.courier_id()), (OrderStatus::Assigned, courier.to_string().as_str()));
        assert_eq!(resource::Order::try_from(order)?, expected);

        let order_ids = [first, second, Uuid::new_v4(), first].map(|id| id.to_string()).to_vec();
        let found = orders.batch_get_orders(BatchGetOrdersRequest { order_ids }).await?.into_inner();
        let found: Vec<_> = found.orders.into_iter().map(|order| order.order_id).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(BTreeSet::from_iter(found), BTreeSet::from([first, second].map(|id| id.to_string())));
        let found = orders.batch_get_orders(BatchGetOrdersRequest { order_ids: vec![] }).await?.into_inner();
        assert_eq!(found.orders.len(), 0);

        let too_many = vec![first.to_string(); 101];
        let batch = orders.batch_get_orders(BatchGetOrdersRequest { order_ids: too_many }).await;
        assert_eq!(code(batch), Some(Code::InvalidArgument));
        let batch = orders.batch_get_orders(BatchGetOrdersRequest { order_ids: vec!["o".to_owned()] }).await;
        assert_eq!(code(batch), Some(Code::InvalidArgument));
        for (order_id, expected) in
            [(Uuid::new_v4().to_string(), Code::NotFound), (String::new(), Code::InvalidArgument)]
        {
            assert_eq!(code(orders.get_order(GetOrderRequest { order_id }).await), Some(expected));
        }
    }
    Ok(())
}

#[tokio::test]
async fn couriers_and_their_orders_are_looked_up() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let [first, second] = [world.publish_order().await?, world.publish_order().await?];
    world.assigned(&[first, second]).await?;
    let shown = eventually("courier-service knows them", || async {
        let answer = world.couriers().get(&format!("/couriers/{courier}")).await?;
        if answer.status == 404 { Ok(None) } else { answer.expect(200).map(Some) }
    });
    let expected: resource::Courier = serde_json::from_value(shown.await?)?;
    for channel in world.system.courier.grpc.each() {
        let mut couriers = dispatch_contracts::grpc::courier_service_client::CourierServiceClient::new(channel.clone());
        let found = couriers.get_courier(GetCourierRequest { courier_id: courier.to_string() }).await?.into_inner();
        assert_eq!(resource::Courier::try_from(found.courier.context("a courier")?)?, expected);

        let courier_ids = [courier, Uuid::new_v4()].map(|id| id.to_string()).to_vec();
        let found = couriers.batch_get_couriers(BatchGetCouriersRequest { courier_ids }).await?.into_inner();
        assert_eq!(found.couriers.len(), 1);
        let too_many = vec![courier.to_string(); 101];
        let batch = couriers.batch_get_couriers(BatchGetCouriersRequest { courier_ids: too_many }).await;
        assert_eq!(code(batch), Some(Code::InvalidArgument));
        for (courier_id, expected) in
            [(Uuid::new_v4().to_string(), Code::NotFound), ("c".to_owned(), Code::InvalidArgument)]
        {
            let id = courier_id.clone();
            assert_eq!(code(couriers.get_courier(GetCourierRequest { courier_id: id }).await), Some(expected));
            let list = ListCourierOrdersRequest { courier_id, ..Default::default() };
            assert_eq!(code(couriers.list_courier_orders(list).await), Some(expected));
        }

        let list = ListCourierOrdersRequest { courier_id: courier.to_string(), ..Default::default() };
        let page = couriers.list_courier_orders(list.clone()).await?.into_inner();
        assert_eq!((page.pairs.len(), page.next_page_token.as_str()), (2, ""));
        for pair in &page.pairs {
            assert_eq!(
                (&pair.courier_id, &pair.zone, pair.status()),
                (&courier.to_string(), &world.zone, OrderStatus::Assigned)
            );
        }
        let one = ListCourierOrdersRequest { page_size: 1, ..list.clone() };
        let page = couriers.list_courier_orders(one.clone()).await?.into_inner();
        let rest = ListCourierOrdersRequest { page_token: page.next_page_token, ..one };
        let rest = couriers.list_courier_orders(rest).await?.into_inner();
        assert_eq!((page.pairs.len(), rest.pairs.len(), rest.next_page_token.as_str()), (1, 1, ""));
        assert_ne!(page.pairs[0].order_id, rest.pairs[0].order_id);
        let delivered = ListCourierOrdersRequest { status: OrderStatus::Delivered.into(), ..list.clone() };
        assert_eq!(couriers.list_courier_orders(delivered).await?.into_inner().pairs.len(), 0);
        for bad in [
            ListCourierOrdersRequest { page_size: 101, ..list.clone() },
            ListCourierOrdersRequest { page_token: "nonsense".to_owned(), ..list.clone() },
            ListCourierOrdersRequest { status: 99, ..list.clone() },
        ] {
            assert_eq!(code(couriers.list_courier_orders(bad).await), Some(Code::InvalidArgument));
        }
    }
    Ok(())
}

#[tokio::test]
async fn decisions_loads_and_zones_are_looked_up() -> Result<()> {
    let world = World::new().await?;
    let courier = world.publish_courier(1).await?;
    let order = world.publish_order().await?;
    world.assigned(&[order]).await?;
    let other = world.publish_courier(2).await?;
    for channel in world.system.assignment.grpc.each() {
        let mut service =
            dispatch_contracts::grpc::assignment_service_client::AssignmentServiceClient::new(channel.clone());
        let found = service.get_assignment(GetAssignmentRequest { order_id: order.to_string() }).await?.into_inner();
        let decision = found.assignment.context("a decision")?;
        assert_eq!((&decision.order_id, &decision.zone), (&order.to_string(), &world.zone));
        assert_eq!((decision.status(), decision.courier_id()), (OrderStatus::Assigned, courier.to_string().as_str()));
        assert_eq!((decision.score, decision.assigned_at.as_ref().and_then(from_timestamp).is_some()), (Some(0), true));

        let load = service.get_courier_load(GetCourierLoadRequest { courier_id: courier.to_string() }).await?;
        let load = load.into_inner().load.context("a load")?;
        assert_eq!((&load.courier_id, &load.zone), (&courier.to_string(), &world.zone));
        assert_eq!((load.is_available, load.open_orders, load.capacity), (true, 1, None));

        let zone = service.get_zone(GetZoneRequest { zone: world.zone.clone() }).await?.into_inner();
        assert_eq!((&zone.zone, zone.available_couriers, zone.waiting_orders), (&world.zone, 2, 0));
        let line: Vec<_> = zone.couriers.iter().map(|load| (load.courier_id.clone(), load.open_orders)).collect();
        assert_eq!(line, [(other.to_string(), 0), (courier.to_string(), 1)], "who is next first");

        let unknown = Uuid::new_v4().to_string();
        for (id, expected) in [(unknown, Code::NotFound), ("{}".to_owned(), Code::InvalidArgument)] {
            let (order_id, courier_id, zone) = (id.clone(), id.clone(), id);
            assert_eq!(code(service.get_assignment(GetAssignmentRequest { order_id }).await), Some(expected));
            assert_eq!(code(service.get_courier_load(GetCourierLoadRequest { courier_id }).await), Some(expected));
            assert_eq!(code(service.get_zone(GetZoneRequest { zone }).await), Some(expected));
        }
    }
    Ok(())
}

/// What every port has.
const MESSAGES: &str = "dispatch.v1.MessageService";

/// Each port with the service that nobody else has.
fn ports(world: &World) -> [(&'static str, &Instances<Channel>); 3] {
    [
        ("dispatch.v1.OrderService", &world.system.order.grpc),
        ("dispatch.v1.CourierService", &world.system.courier.grpc),
        ("dispatch.v1.AssignmentService", &world.system.assignment.grpc),
    ]
}

#[tokio::test]
async fn every_port_says_that_it_serves() -> Result<()> {
    let world = World::new().await?;
    for (name, instances) in ports(&world) {
        for channel in instances.each() {
            let mut health = HealthClient::new(channel.clone());
            for service in ["", name, MESSAGES] {
                let answer = health.check(HealthCheckRequest { service: service.to_owned() }).await?.into_inner();
                assert_eq!(answer.status(), ServingStatus::Serving, "{service:?} of {name}");
            }
            let unknown = health.check(HealthCheckRequest { service: "dispatch.v1.Nothing".to_owned() }).await;
            assert_eq!(code(unknown), Some(Code::NotFound));
        }
    }
    Ok(())
}

async fn reflect(channel: &Channel, question: MessageRequest) -> Result<MessageResponse> {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
    let answers = ServerReflectionClient::new(channel.clone()).server_reflection_info(stream::iter([request])).await?;
    let answer = answers.into_inner().message().await?.context("an answer")?;
    answer.message_response.context("a response")
}

/// What a port is to list: what it serves, and nothing that is served elsewhere.
fn listing(name: &str) -> BTreeSet<&str> {
    let beside =
        ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
    beside.into_iter().chain([name, MESSAGES]).collect()
}

/// Tools that know only the former version of reflection are answered the same.
#[tokio::test]
async fn every_port_lists_its_services_by_the_former_version_too() -> Result<()> {
    use v1alpha::{server_reflection_request::MessageRequest, server_reflection_response::MessageResponse};
    let world = World::new().await?;
    for (name, instances) in ports(&world) {
        for channel in instances.each() {
            let question = Some(MessageRequest::ListServices(String::new()));
            let request = v1alpha::ServerReflectionRequest { host: String::new(), message_request: question };
            let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel.clone());
            let mut answers = client.server_reflection_info(stream::iter([request])).await?.into_inner();
            let answer = answers.message().await?.and_then(|answer| answer.message_response);
            let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("no list: {answer:?}") };
            let listed: BTreeSet<_> = list.service.iter().map(|service| service.name.as_str()).collect();
            assert_eq!(listed, listing(name));
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_port_describes_itself() -> Result<()> {
    let world = World::new().await?;
    for (name, instances) in ports(&world) {
        for channel in instances.each() {
            let MessageResponse::ListServicesResponse(list) =
                reflect(channel, MessageRequest::ListServices(String::new())).await?
            else {
                panic!("no list")
            };
            let listed: BTreeSet<_> = list.service.into_iter().map(|service| service.name).collect();
            assert_eq!(listed.iter().map(String::as_str).collect::<BTreeSet<_>>(), listing(name));
            for service in listed {
                let symbol = MessageRequest::FileContainingSymbol(service.clone());
                let MessageResponse::FileDescriptorResponse(files) = reflect(channel, symbol).await? else {
                    panic!("no description of {service}")
                };
                assert!(!files.file_descriptor_proto.is_empty());
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_passed_through_each_queue_is_listed_by_every_instance_of_its_service() -> Result<()> {
    let world = World::new().await?;
    world.publish_courier(1).await?;
    let order = world.publish_order().await?;
    world.assigned(&[order]).await?;
    let queues: [(_, &[&str]); 3] = [
        (&world.system.order.grpc, &["order-events-queue", "order-assignment-queue"]),
        (&world.system.courier.grpc, &["courier-events-queue", "assignment-queue"]),
        (&world.system.assignment.grpc, &["events-queue"]),
    ];
    for (instances, queues) in queues {
        for channel in instances.each() {
            let mut client = MessageServiceClient::new(channel.clone());
            for queue in queues {
                // Other tests fill the queues, too; of theirs and ours some are kept.
                let request = ListMessagesRequest { queue: (*queue).to_owned(), page_size: 100 };
                let listed = eventually("something has passed", || async {
                    let listed = client.clone().list_messages(request.clone()).await?.into_inner().messages;
                    Ok(Some(listed).filter(|listed| !listed.is_empty()))
                });
                let listed = listed.await.context(*queue)?;
                assert!(listed.len() <= 100, "{queue}: {}", listed.len());
                assert!(listed.is_sorted_by(|a, b| a.number > b.number), "{queue}");
                assert!(listed.iter().all(|message| !message.body.is_empty() && !message.message_id.is_empty()));
            }
            let elsewhere = ListMessagesRequest { queue: "another-queue".to_owned(), page_size: 1 };
            assert_eq!(code(client.list_messages(elsewhere).await), Some(Code::NotFound));
        }
    }
    Ok(())
}
