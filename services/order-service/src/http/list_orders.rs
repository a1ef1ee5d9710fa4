//! `GET /orders`

use axum::extract::State;
use dispatch_contracts::{order::OrderStatus, resource::Order, zone::Zone};
use rest::{Cursor, Page, Problem, Query, page::Limit, problem::TryAgain};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use crate::orders::{OrderFilter, Position};

/// Which orders, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only orders of this zone.
    #[serde(default)]
    zone: Option<Zone>,
    /// Only orders in this status.
    #[serde(default)]
    status: Option<OrderStatus>,
    /// Most items on the page: 1 to 100; 20 if left out.
    #[serde(default)]
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// List orders
///
/// Newest first. Orders added meanwhile do not shift the pages that follow.
#[utoipa::path(
    get,
    path = "/orders",
    tag = "orders",
    params(Which),
    responses(
        (status = 200, description = "A page of orders", body = Page<Order>),
        (status = 400, description = "`invalid-request`: a parameter breaks its format", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn list_orders(
    State(api): State<Api>,
    Query(Which { zone, status, limit, cursor }): Query<Which>,
) -> Result<axum::Json<Page<Order>>, Problem> {
    let after = cursor.as_ref().map(Cursor::position::<Position>).transpose()?;
    let rows = api.orders.list(&OrderFilter { zone, status }, after.as_ref(), limit.rows()).await?;
    Ok(axum::Json(Page::of_rows(rows, limit, |order| Position::from(order))))
}
