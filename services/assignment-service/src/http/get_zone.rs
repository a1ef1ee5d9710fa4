//! `GET /zones/{zone}`

use axum::extract::State;
use chrono::{DateTime, Utc};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    timestamp,
    zone::Zone,
};
use rest::{Path, Problem, problem::TryAgain};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::list_zones::ZoneSummary;
use crate::facts::{CourierLoad, Facts, LineRow};

/// Couriers and orders shown at most.
const MOST: i64 = 100;

/// Which zone.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Which {
    /// The zone.
    zone: Zone,
}

/// A zone with its counts: who is next, and what waits.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ZoneDetail {
    #[serde(flatten)]
    counts: ZoneSummary,
    /// Who takes orders first, then by open orders, then who has waited longest; at most 100.
    couriers: Vec<CourierInZone>,
    /// By priority, then age; at most 100.
    waiting: Vec<OrderInLine>,
}

/// A courier and their score.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CourierInZone {
    courier_id: CourierId,
    is_available: bool,
    /// Orders now assigned to them: their score.
    open_orders: u32,
    #[schema(required = true)]
    capacity: Option<u32>,
}

/// An order that waits.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderInLine {
    /// Its place in the line, from 1.
    place: usize,
    order_id: OrderId,
    priority: u8,
    #[serde(with = "timestamp")]
    added_at: DateTime<Utc>,
}

impl From<CourierLoad> for CourierInZone {
    fn from(load: CourierLoad) -> Self {
        let CourierLoad { courier_id, is_available, open_orders, capacity, .. } = load;
        Self { courier_id, is_available, open_orders, capacity }
    }
}

impl OrderInLine {
    fn at(place: usize, row: &LineRow) -> Self {
        let priority = u8::try_from(row.priority).unwrap_or(0);
        Self { place, order_id: row.order_id.into(), priority, added_at: row.added_at }
    }
}

/// Show a zone
#[utoipa::path(
    get,
    path = "/zones/{zone}",
    tag = "zones",
    params(Which),
    responses(
        (status = 200, description = "The counts, couriers by score, orders in line", body = ZoneDetail),
        (status = 400, description = "`invalid-request`: this can be no zone", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`zone-not-found`: no event named the zone", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn get_zone(
    State(facts): State<Facts>,
    Path(Which { zone }): Path<Which>,
) -> Result<axum::Json<ZoneDetail>, Problem> {
    let counts = facts.zone_counts(&zone).await?;
    let counts = counts.ok_or_else(|| Problem::not_found("zone-not-found", "No event has named this zone"))?;
    let couriers = facts.couriers_by_score(&zone, 0, MOST).await?;
    let waiting = facts.zone_line(&zone, MOST).await?;
    Ok(axum::Json(ZoneDetail {
        counts: counts.into(),
        couriers: couriers.into_iter().map(CourierInZone::from).collect(),
        waiting: (1..).zip(&waiting).map(|(place, row)| OrderInLine::at(place, row)).collect(),
    }))
}
