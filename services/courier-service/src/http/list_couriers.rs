//! `GET /couriers`

use axum::extract::State;
use dispatch_contracts::{resource::Courier, zone::Zone};
use rest::{Cursor, Page, Problem, Query, page::Limit, problem::TryAgain};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use crate::couriers::Position;

/// Which couriers, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only couriers of this zone.
    #[serde(default)]
    zone: Option<Zone>,
    /// Most items on the page: 1 to 100; 20 if left out.
    #[serde(default)]
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// List couriers
///
/// By their ids.
#[utoipa::path(
    get,
    path = "/couriers",
    tag = "couriers",
    params(Which),
    responses(
        (status = 200, description = "A page of couriers", body = Page<Courier>),
        (status = 400, description = "`invalid-request`: a parameter breaks its format", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn list_couriers(
    State(api): State<Api>,
    Query(Which { zone, limit, cursor }): Query<Which>,
) -> Result<axum::Json<Page<Courier>>, Problem> {
    let after = cursor.as_ref().map(Cursor::position::<Position>).transpose()?;
    let rows = api.couriers.list(zone.as_ref(), after, limit.rows()).await?;
    Ok(axum::Json(Page::of_rows(rows, limit, |courier| Position { courier_id: courier.courier_id })))
}
