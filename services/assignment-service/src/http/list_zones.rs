//! `GET /zones`

use axum::extract::State;
use dispatch_contracts::zone::Zone;
use rest::{Cursor, Page, PageRequest, Problem, Query, problem::TryAgain};
use serde::Serialize;
use utoipa::ToSchema;

use crate::facts::{Facts, ZoneRow};

/// A zone with its counts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ZoneSummary {
    zone: String,
    /// Couriers who take orders there now.
    available_couriers: u64,
    /// Orders that wait.
    waiting_orders: u64,
    /// Orders that are with a courier.
    open_orders: u64,
}

impl From<ZoneRow> for ZoneSummary {
    fn from(row: ZoneRow) -> Self {
        Self {
            zone: row.zone,
            available_couriers: row.available_couriers.unsigned_abs(),
            waiting_orders: row.waiting_orders.unsigned_abs(),
            open_orders: row.open_orders.unsigned_abs(),
        }
    }
}

/// List zones
///
/// By name. A zone is there once an event has named it.
#[utoipa::path(
    get,
    path = "/zones",
    tag = "zones",
    params(PageRequest),
    responses(
        (status = 200, description = "A page of zones", body = Page<ZoneSummary>),
        (status = 400, description = "`invalid-request`: a parameter breaks its format", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn list_zones(
    State(facts): State<Facts>,
    Query(PageRequest { limit, cursor }): Query<PageRequest>,
) -> Result<axum::Json<Page<ZoneSummary>>, Problem> {
    let after = cursor.as_ref().map(Cursor::position::<Zone>).transpose()?;
    let rows = facts.list_zones(after.as_ref(), limit.rows()).await?;
    let zones = rows.into_iter().map(ZoneSummary::from).collect();
    Ok(axum::Json(Page::of_rows(zones, limit, |zone: &ZoneSummary| zone.zone.clone())))
}
