//! `GET /orders/{orderId}/courier`

use axum::extract::State;
use dispatch_contracts::id::OrderId;
use rest::{Path, Problem, Query, Trace, problem::TryAgain};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    expand::{Expand, PairWithOrder, expand},
};

/// Which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(super) struct Which {
    /// The order's id.
    order_id: OrderId,
}

/// What to show besides.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Options {
    /// `order`: look up the order.
    #[serde(default)]
    expand: Option<Expand>,
}

/// Who has an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PairAnswer {
    #[serde(flatten)]
    pair: PairWithOrder,
    /// Only with `expand=order`: the order, if it could not be looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<OrderId>, required = false)]
    missing: Option<Vec<OrderId>>,
}

/// Show who has an order
///
/// An order that has ended is shown with whoever had it. With `expand=order` the order is looked up at order-service.
/// When that does not answer in time, the answer comes without it, and `missing` names it.
#[utoipa::path(
    get,
    path = "/orders/{orderId}/courier",
    tag = "pairs",
    params(Which, Options),
    responses(
        (status = 200, description = "The pair", body = PairAnswer),
        (status = 400, description = "`invalid-request`: a parameter breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`order-not-assigned`: nobody has the order now", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn get_order_courier(
    State(api): State<Api>,
    Path(Which { order_id }): Path<Which>,
    Query(options): Query<Options>,
    Trace(trace): Trace,
) -> Result<axum::Json<PairAnswer>, Problem> {
    let pair = api.pairs.of_order(order_id).await?;
    let (mut pairs, missing) = expand(&api, options.expand, vec![pair], trace).await;
    let pair = pairs.pop().ok_or(crate::error::Error::OrderNotAssigned)?;
    Ok(axum::Json(PairAnswer { pair, missing }))
}
