//! Couriers, at a courier-service that takes no more ids at once than the real one.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use chrono::DateTime;
use dispatch_contracts::{
    grpc::{
        BatchGetCouriersRequest, BatchGetCouriersResponse, GetCourierRequest, GetCourierResponse,
        ListCourierOrdersRequest, ListCourierOrdersResponse, MAX_BATCH,
        courier_service_server::{CourierService, CourierServiceServer},
    },
    id::CourierId,
    resource::Courier,
};
use lookup::Couriers;
use tonic::{Request, Response, Status, transport::Server};
use trace::TraceParent;
use uuid::Uuid;

use crate::server::{closed, demand_deadline, serve, silent};

/// Longer than any of these calls takes on a busy machine.
const PATIENT: Duration = Duration::from_secs(30);
const HASTY: Duration = Duration::from_millis(300);
/// Well above the second of these, and below the time after which a silent connection is given up anyway.
const BOUND: Duration = Duration::from_secs(8);

/// Knows some couriers.
#[derive(Default)]
struct Knows {
    couriers: Vec<Courier>,
    calls: Arc<AtomicUsize>,
    /// Answers so many calls and no more.
    answers: Option<usize>,
    /// How long each call takes.
    pause: Duration,
}

#[tonic::async_trait]
impl CourierService for Knows {
    async fn get_courier(&self, _: Request<GetCourierRequest>) -> Result<Response<GetCourierResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn batch_get_couriers(
        &self,
        request: Request<BatchGetCouriersRequest>,
    ) -> Result<Response<BatchGetCouriersResponse>, Status> {
        demand_deadline(&request)?;
        let asked: HashSet<&String> = request.get_ref().courier_ids.iter().collect();
        if asked.len() > MAX_BATCH {
            return Err(Status::invalid_argument("too many"));
        }
        let earlier = self.calls.fetch_add(1, Ordering::Relaxed);
        if self.answers.is_some_and(|most| earlier >= most) {
            return Err(Status::unavailable("no more"));
        }
        tokio::time::sleep(self.pause).await;
        let known = self.couriers.iter().filter(|courier| asked.contains(&courier.courier_id.to_string()));
        Ok(Response::new(BatchGetCouriersResponse { couriers: known.cloned().map(Into::into).collect() }))
    }

    async fn list_courier_orders(
        &self,
        _: Request<ListCourierOrdersRequest>,
    ) -> Result<Response<ListCourierOrdersResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }
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

fn ids(couriers: &[Courier]) -> Vec<CourierId> {
    couriers.iter().map(|courier| courier.courier_id).collect()
}

#[tokio::test]
async fn any_number_is_asked_for_and_who_is_unknown_there_is_told_from_who_could_not_be_asked_for() -> Result<()> {
    let couriers = (0..130).map(|_| courier()).collect::<Result<Vec<_>>>()?;
    let strangers = (0..120).map(|_| courier()).collect::<Result<Vec<_>>>()?;
    let service = Knows { couriers: couriers.clone(), ..Knows::default() };
    let calls = service.calls.clone();
    let (address, _running) = serve(Server::builder().add_service(CourierServiceServer::new(service))).await?;
    let asked: Vec<CourierId> = [ids(&strangers), ids(&couriers)].concat();

    let found = Couriers::new(&address, PATIENT).find(&asked, TraceParent::start()).await;
    assert!(found.is_complete);
    assert_eq!((found.by_id.len(), calls.load(Ordering::Relaxed)), (130, 3));
    assert!(couriers.iter().all(|courier| found.by_id.get(&courier.courier_id) == Some(courier)));

    let nobody = Couriers::new(&address, PATIENT).find(&[], TraceParent::start()).await;
    assert!(nobody.is_complete && nobody.by_id.is_empty());
    assert_eq!(calls.load(Ordering::Relaxed), 3, "nothing is asked for nobody");
    Ok(())
}

#[tokio::test]
async fn what_was_answered_before_a_failure_is_kept() -> Result<()> {
    let couriers = (0..150).map(|_| courier()).collect::<Result<Vec<_>>>()?;
    let service = Knows { couriers: couriers.clone(), answers: Some(1), ..Knows::default() };
    let (address, _running) = serve(Server::builder().add_service(CourierServiceServer::new(service))).await?;
    let found = Couriers::new(&address, PATIENT).find(&ids(&couriers), TraceParent::start()).await;
    assert_eq!((found.is_complete, found.by_id.len()), (false, MAX_BATCH));
    Ok(())
}

#[tokio::test]
async fn a_service_that_is_down_or_silent_costs_the_deadline_and_no_more() -> Result<()> {
    let (address, _listener) = silent().await?;
    for address in [closed(), address] {
        let couriers = Couriers::new(&address, HASTY);
        let started = Instant::now();
        let found = couriers.find(&[Uuid::new_v4().into()], TraceParent::start()).await;
        assert!(!found.is_complete && found.by_id.is_empty());
        assert!(started.elapsed() < BOUND, "{:?}", started.elapsed());
    }
    Ok(())
}

#[tokio::test]
async fn the_deadline_is_for_all_calls_together() -> Result<()> {
    let couriers = (0..4 * MAX_BATCH).map(|_| courier()).collect::<Result<Vec<_>>>()?;
    // Each call is within the deadline, and all of them are not.
    let service = Knows { couriers: couriers.clone(), pause: HASTY / 2, ..Knows::default() };
    let calls = service.calls.clone();
    let (address, _running) = serve(Server::builder().add_service(CourierServiceServer::new(service))).await?;
    let found = Couriers::new(&address, HASTY).find(&ids(&couriers), TraceParent::start()).await;
    assert!(!found.is_complete && found.by_id.len() < couriers.len());
    assert!(calls.load(Ordering::Relaxed) < 4, "it goes on after the deadline");
    Ok(())
}
