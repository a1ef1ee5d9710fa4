//! `?expand=courier`: what courier-service says, or which part is missing.

use anyhow::Result;
use chrono::DateTime;
use dispatch_contracts::{
    grpc::{
        BatchGetCouriersRequest, BatchGetCouriersResponse, GetCourierRequest, GetCourierResponse,
        ListCourierOrdersRequest, ListCourierOrdersResponse,
        courier_service_server::{CourierService, CourierServiceServer},
    },
    id::{CourierId, OrderId},
    resource::Courier,
};
use serde_json::{Value, json};
use test_support::{ServiceProcess, eventually};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};
use uuid::Uuid;

use crate::support::{CLOSED, World, injected, order_id};

/// A courier-service that knows one courier.
struct Knows(Courier);

#[tonic::async_trait]
impl CourierService for Knows {
    async fn get_courier(&self, _: Request<GetCourierRequest>) -> Result<Response<GetCourierResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn batch_get_couriers(
        &self,
        request: Request<BatchGetCouriersRequest>,
    ) -> Result<Response<BatchGetCouriersResponse>, Status> {
        if request.metadata().get("grpc-timeout").is_none() {
            return Err(Status::invalid_argument("a call has a deadline"));
        }
        let asked = &request.get_ref().courier_ids;
        let known = asked.contains(&self.0.courier_id.to_string());
        let couriers = known.then(|| self.0.clone().into()).into_iter().collect();
        Ok(Response::new(BatchGetCouriersResponse { couriers }))
    }

    async fn list_courier_orders(
        &self,
        _: Request<ListCourierOrdersRequest>,
    ) -> Result<Response<ListCourierOrdersResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }
}

async fn serve(courier: Courier) -> Result<(String, AbortOnDropHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let service = Server::builder().add_service(CourierServiceServer::new(Knows(courier)));
    let task = tokio::spawn(async move {
        let _ = service.serve_with_incoming(TcpIncoming::from(listener)).await;
    });
    Ok((url, AbortOnDropHandle::new(task)))
}

fn courier() -> Result<Courier> {
    Ok(Courier {
        courier_id: Uuid::new_v4().into(),
        name: "a".to_owned().try_into().map_err(anyhow::Error::msg)?,
        zone: "S".parse()?,
        is_available: true,
        capacity: None,
        updated_at: DateTime::UNIX_EPOCH,
    })
}

/// An order that the courier has, as events bring it.
async fn assigned(world: &World, service: &ServiceProcess, courier_id: CourierId) -> Result<OrderId> {
    let order_id = order_id();
    world.events.send(&[injected(order_id, "Buy")]).await?;
    let assignment = json!({
        "type": "OrderAssigned", "orderId": order_id, "courierId": courier_id, "zone": "S",
        "assignedAt": "2026-01-01T00:00:00Z", "eventId": Uuid::new_v4(),
    });
    world.assignments.send(&[assignment.to_string()]).await?;
    eventually("the order is assigned", || async {
        let answer = service.get(&format!("/orders/{order_id}")).await?;
        Ok((answer.body["courierId"] == json!(courier_id)).then_some(()))
    })
    .await?;
    Ok(order_id)
}

async fn expanded(service: &ServiceProcess, order_id: OrderId) -> Result<Value> {
    let answer = service.get(&format!("/orders/{order_id}?expand=courier")).await?;
    assert_eq!(answer.status, 200, "{answer:?}");
    Ok(answer.body)
}

#[tokio::test]
async fn the_courier_is_shown_or_named_as_missing() -> Result<()> {
    let world = World::create().await?;
    let courier = courier()?;
    let (url, _courier_service) = serve(courier.clone()).await?;
    let service = world.start(&[("COURIER_SERVICE_GRPC_URL", &url), ("LOOKUP_TIMEOUT_MILLISECONDS", "15000")]).await?;

    let with_known = assigned(&world, &service, courier.courier_id).await?;
    let body = expanded(&service, with_known).await?;
    assert_eq!((&body["courier"], &body["missing"]), (&serde_json::to_value(&courier)?, &json!([])));
    assert_eq!((&body["orderId"], &body["status"]), (&json!(with_known), &json!("assigned")));

    let stranger = CourierId::from(Uuid::new_v4());
    let with_stranger = assigned(&world, &service, stranger).await?;
    let body = expanded(&service, with_stranger).await?;
    assert_eq!((&body["courier"], &body["missing"]), (&Value::Null, &json!([stranger])));

    let waiting = order_id();
    world.events.send(&[injected(waiting, "Buy")]).await?;
    eventually("the order is there", || async {
        Ok((service.get(&format!("/orders/{waiting}")).await?.status == 200).then_some(()))
    })
    .await?;
    let body = expanded(&service, waiting).await?;
    assert_eq!((&body["courier"], &body["missing"]), (&Value::Null, &json!([])), "{body}");
    let plain = service.get(&format!("/orders/{waiting}")).await?.body;
    assert!(plain.get("courier").is_none() && plain.get("missing").is_none(), "{plain}");
    Ok(())
}

#[tokio::test]
async fn a_courier_service_that_is_down_or_silent_makes_nothing_fail() -> Result<()> {
    let world = World::create().await?;
    let courier_id = CourierId::from(Uuid::new_v4());
    // The kernel accepts; nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    for url in [CLOSED.to_owned(), format!("http://{}", silent.local_addr()?)] {
        let service =
            world.start(&[("COURIER_SERVICE_GRPC_URL", &url), ("LOOKUP_TIMEOUT_MILLISECONDS", "300")]).await?;
        let order_id = assigned(&world, &service, courier_id).await?;
        for _ in 0..3 {
            let body = expanded(&service, order_id).await?;
            assert_eq!((&body["courier"], &body["missing"]), (&Value::Null, &json!([courier_id])), "{url}");
        }
        service.stop().await?;
    }
    Ok(())
}
