//! `GET /orders/{orderId}/decision`

use axum::extract::State;
use chrono::{DateTime, Utc};
use dispatch_contracts::{
    event::Cause,
    id::{CourierId, OrderId},
    order::OrderStatus,
    timestamp,
};
use rest::{Path, Problem, problem::TryAgain};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use crate::{
    dispatch::Dispatch,
    facts::{DecisionRow, FactsError},
};

/// Which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(super) struct Which {
    /// The order.
    order_id: OrderId,
}

/// The decision about an order, with what it was based on; or why there is none.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Decision {
    order_id: OrderId,
    zone: String,
    status: OrderStatus,
    priority: u8,
    #[serde(with = "timestamp")]
    added_at: DateTime<Utc>,
    /// Who was chosen.
    #[schema(required = true)]
    courier_id: Option<CourierId>,
    #[serde(with = "timestamp::option")]
    #[schema(required = true)]
    assigned_at: Option<DateTime<Utc>>,
    /// Open orders that the chosen had then.
    #[schema(required = true)]
    score: Option<u32>,
    /// Why they got it, where it was not simply their turn: `manual`.
    #[schema(required = true)]
    cause: Option<Cause>,
    /// Who would have been next.
    #[schema(required = true)]
    runner_up: Option<CourierId>,
    /// How many could have taken it, the chosen one included.
    #[schema(required = true)]
    candidates: Option<u32>,
    /// While nobody has it.
    #[schema(required = true)]
    waiting: Option<Waiting>,
}

/// Why an order waits.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Waiting {
    /// Its place in the zone's line, from 1.
    place: u64,
    reason: Reason,
    /// Couriers of the zone who take orders now, the full ones included.
    available_couriers: u64,
    /// Those of them who have as many orders as they take.
    full_couriers: u64,
    /// Those of them who are not full and declined this order.
    declined_couriers: u64,
    /// Those of the rest who have got as many orders as a window allows.
    resting_couriers: u64,
}

/// What an order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reason {
    /// Nobody of the zone takes orders now.
    NobodyAvailable,
    /// All who take orders have as many as they take.
    EverybodyFull,
    /// All who could take one more have declined this one.
    EverybodyDeclined,
    /// All who could take it have got as many orders as a window allows.
    EverybodyResting,
    /// Somebody can take it; it is about to be given to them.
    BeingAssigned,
}

/// Say who got an order and why, or why it waits
#[utoipa::path(
    get,
    path = "/orders/{orderId}/decision",
    tag = "decisions",
    params(Which),
    responses(
        (status = 200, description = "The decision, or why there is none yet", body = Decision),
        (status = 400, description = "`invalid-request`: the id is no UUID", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`order-not-found`: no event named the order", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn get_decision(
    State(api): State<Api>,
    Path(Which { order_id }): Path<Which>,
) -> Result<axum::Json<Decision>, Problem> {
    read(&api.dispatch, order_id).await.map(axum::Json)
}

/// The decision about an order.
pub(super) async fn read(dispatch: &Dispatch, order_id: OrderId) -> Result<Decision, Problem> {
    let row = dispatch.decision(order_id).await?;
    let row = row.ok_or_else(|| Problem::not_found("order-not-found", "There is no such order"))?;
    Ok(Decision::try_from(row)?)
}

impl TryFrom<DecisionRow> for Decision {
    type Error = FactsError;

    fn try_from(row: DecisionRow) -> Result<Self, FactsError> {
        let status =
            row.status.parse().map_err(|_| FactsError::Value { table: "orders", value: row.status.clone() })?;
        let waiting = row.place.map(|place| {
            let counted = |count: Option<i64>| count.unwrap_or(0).unsigned_abs();
            let (available, full, declined) = (counted(row.available), counted(row.full_up), counted(row.declined));
            let resting = counted(row.resting);
            let (with_room, willing) = (available - full, available - full - declined);
            let reason = match (available, with_room, willing, willing - resting) {
                (0, ..) => Reason::NobodyAvailable,
                (_, 0, ..) => Reason::EverybodyFull,
                (_, _, 0, _) => Reason::EverybodyDeclined,
                (.., 0) => Reason::EverybodyResting,
                _ => Reason::BeingAssigned,
            };
            Waiting {
                place: place.unsigned_abs(),
                reason,
                available_couriers: available,
                full_couriers: full,
                declined_couriers: declined,
                resting_couriers: resting,
            }
        });
        Ok(Self {
            order_id: row.order_id.into(),
            zone: row.zone,
            status,
            priority: u8::try_from(row.priority).unwrap_or(0),
            added_at: row.added_at,
            courier_id: row.courier_id.map(CourierId::from),
            assigned_at: row.assigned_at,
            cause: row.cause.as_deref().map(Cause::read),
            score: row.score.map(i32::unsigned_abs),
            runner_up: row.runner_up.map(CourierId::from),
            candidates: row.candidates.map(i32::unsigned_abs),
            waiting,
        })
    }
}
