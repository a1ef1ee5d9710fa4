//! `GET /couriers/{courierId}/orders`

use axum::extract::State;
use dispatch_contracts::{id::OrderId, order::OrderStatus};
use rest::{Cursor, Page, Path, Problem, Query, Trace, page::Limit, problem::TryAgain};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api, WhichCourier,
    expand::{Expand, PairWithOrder, expand},
};
use crate::pairs::Position;

/// Which pairs, which page of them, and what to show besides.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Options {
    /// Only orders in this status.
    #[serde(default)]
    status: Option<OrderStatus>,
    /// `order`: look up the orders.
    #[serde(default)]
    expand: Option<Expand>,
    /// Most items on the page: 1 to 100; 20 if left out.
    #[serde(default)]
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// A page of pairs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PairPage {
    #[serde(flatten)]
    page: Page<PairWithOrder>,
    /// Only with `expand=order`: the orders that could not be looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<OrderId>, required = false)]
    missing: Option<Vec<OrderId>>,
}

/// List the orders of a courier
///
/// Latest assignment first, also those that they had at the end. Orders assigned meanwhile do not shift the pages that
/// follow. With `expand=order` each is looked up at order-service. When that does not answer in time, the answer comes
/// without, and `missing` names them.
#[utoipa::path(
    get,
    path = "/couriers/{courierId}/orders",
    tag = "pairs",
    params(WhichCourier, Options),
    responses(
        (status = 200, description = "A page of pairs", body = PairPage),
        (status = 400, description = "`invalid-request`: a parameter breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`courier-not-found`: nobody has heard of the courier, and no order is with them", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn list_courier_orders(
    State(api): State<Api>,
    Path(WhichCourier { courier_id }): Path<WhichCourier>,
    Query(options): Query<Options>,
    Trace(trace): Trace,
) -> Result<axum::Json<PairPage>, Problem> {
    let after = options.cursor.as_ref().map(Cursor::position::<Position>).transpose()?;
    let rows = api.pairs.of_courier(courier_id, options.status, after.as_ref(), options.limit.rows()).await?;
    let Page { items, next_cursor } = Page::of_rows(rows, options.limit, |pair| Position::from(pair));
    let (items, missing) = expand(&api, options.expand, items, trace).await;
    Ok(axum::Json(PairPage { page: Page { items, next_cursor }, missing }))
}
