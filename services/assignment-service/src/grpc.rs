//! gRPC: lookups of decisions, loads and zones.

use dispatch_contracts::{
    grpc::{
        Assignment, CourierLoad, GetAssignmentRequest, GetAssignmentResponse, GetCourierLoadRequest,
        GetCourierLoadResponse, GetZoneRequest, GetZoneResponse, OrderStatus,
        assignment_service_server::AssignmentService, to_timestamp,
    },
    zone::Zone,
};
use tonic::{Request, Response, Status};

use crate::{
    choice::ZoneView,
    dispatch::{Dispatch, DispatchError},
};

/// Serves `dispatch.v1.AssignmentService`.
pub struct Lookups(pub Dispatch);

impl From<DispatchError> for Status {
    fn from(error: DispatchError) -> Self {
        tracing::error!(%error, "a lookup could not be served");
        Self::unavailable("the service cannot answer now, try again")
    }
}

#[tonic::async_trait]
impl AssignmentService for Lookups {
    async fn get_assignment(
        &self,
        request: Request<GetAssignmentRequest>,
    ) -> Result<Response<GetAssignmentResponse>, Status> {
        let order_id = parse("order_id", &request.into_inner().order_id)?;
        let found = self.0.assignment(order_id).await?.ok_or_else(|| Status::not_found("no such order"))?;
        let assignment = Assignment {
            order_id: found.order_id.to_string(),
            zone: found.zone.to_string(),
            status: OrderStatus::from(found.status).into(),
            courier_id: found.courier_id.map(|courier| courier.to_string()),
            assigned_at: found.assigned_at.map(to_timestamp),
            score: found.score,
        };
        Ok(Response::new(GetAssignmentResponse { assignment: Some(assignment) }))
    }

    async fn get_courier_load(
        &self,
        request: Request<GetCourierLoadRequest>,
    ) -> Result<Response<GetCourierLoadResponse>, Status> {
        let courier_id = parse("courier_id", &request.into_inner().courier_id)?;
        let found = self.0.courier_load(courier_id).await?.ok_or_else(|| Status::not_found("no such courier"))?;
        let load = CourierLoad {
            courier_id: found.courier_id.to_string(),
            zone: found.zone.to_string(),
            is_available: found.is_available,
            open_orders: found.open_orders,
            capacity: found.capacity,
        };
        Ok(Response::new(GetCourierLoadResponse { load: Some(load) }))
    }

    async fn get_zone(&self, request: Request<GetZoneRequest>) -> Result<Response<GetZoneResponse>, Status> {
        let zone = parse("zone", &request.into_inner().zone)?;
        let view = self.0.zone(&zone).await?.ok_or_else(|| Status::not_found("no such zone"))?;
        Ok(Response::new(zone_response(&zone, view)))
    }
}

fn zone_response(zone: &Zone, view: ZoneView) -> GetZoneResponse {
    let couriers = view.couriers.into_iter().map(|(courier_id, open_orders, capacity)| CourierLoad {
        courier_id: courier_id.to_string(),
        zone: zone.to_string(),
        is_available: true,
        open_orders,
        capacity,
    });
    GetZoneResponse {
        zone: zone.to_string(),
        couriers: couriers.collect(),
        waiting_order_ids: view.waiting.iter().map(ToString::to_string).collect(),
        waiting_orders: view.waiting_orders,
        available_couriers: view.available_couriers,
    }
}

fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> Result<T, Status> {
    text.parse().map_err(|error| Status::invalid_argument(format!("{field} {error}")))
}
