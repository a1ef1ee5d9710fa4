//! `GET /orders/{orderId}`

use axum::extract::State;
use dispatch_contracts::{
    id::CourierId,
    resource::{Courier, Order},
};
use rest::{Path, Problem, Query, Trace, problem::TryAgain};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Api, WhichOrder};

/// What to show besides.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Options {
    /// `courier`: look up the courier who has the order.
    #[serde(default)]
    expand: Option<Expand>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Expand {
    Courier,
}

/// An order, perhaps with its courier.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderWithCourier {
    #[serde(flatten)]
    order: Order,
    /// Only with `expand=courier`: who has the order; null while nobody does, or when `missing` names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Courier>, required = false)]
    courier: Option<Option<Courier>>,
    /// Only with `expand=courier`: the couriers that could not be looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<CourierId>, required = false)]
    missing: Option<Vec<CourierId>>,
}

/// Show an order
///
/// With `expand=courier` its courier is looked up at courier-service. When that does not answer in time, the answer
/// comes without the courier, and `missing` names them.
#[utoipa::path(
    get,
    path = "/orders/{orderId}",
    tag = "orders",
    params(WhichOrder, Options),
    responses(
        (status = 200, description = "The order", body = OrderWithCourier),
        (status = 400, description = "`invalid-request`: a field breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`order-not-found`", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn get_order(
    State(api): State<Api>,
    Path(WhichOrder { order_id }): Path<WhichOrder>,
    Query(options): Query<Options>,
    Trace(trace): Trace,
) -> Result<axum::Json<OrderWithCourier>, Problem> {
    let order = api.orders.get(order_id).await?;
    let (courier, missing) = match options.expand {
        None => (None, None),
        Some(Expand::Courier) => {
            let courier = match order.courier_id {
                Some(id) => api.couriers.find(&[id], trace).await.by_id.remove(&id),
                None => None,
            };
            let missing = order.courier_id.filter(|_| courier.is_none()).into_iter().collect();
            (Some(courier), Some(missing))
        }
    };
    Ok(axum::Json(OrderWithCourier { order, courier, missing }))
}
