//! `GET /couriers/{courierId}`

use axum::extract::State;
use dispatch_contracts::resource::Courier;
use rest::{Path, Problem, problem::TryAgain};

use super::{Api, WhichCourier};

/// Show a courier
#[utoipa::path(
    get,
    path = "/couriers/{courierId}",
    tag = "couriers",
    params(WhichCourier),
    responses(
        (status = 200, description = "The courier", body = Courier),
        (status = 400, description = "`invalid-request`: the id breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`courier-not-found`", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn get_courier(
    State(api): State<Api>,
    Path(WhichCourier { courier_id }): Path<WhichCourier>,
) -> Result<axum::Json<Courier>, Problem> {
    Ok(axum::Json(api.couriers.get(courier_id).await?))
}
