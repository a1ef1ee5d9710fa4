//! `POST /orders`

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use dispatch_contracts::{
    id::OrderId,
    order::{Details, Priority},
    resource::Order,
    zone::Zone,
};
use rest::{Json, Problem, Trace, extract, problem::TryAgain};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Api, location};
use crate::{
    domain::{idempotency_key::IdempotencyKey, order::OrderRequest},
    orders::{Created, Creation},
};

/// A new order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"details": "Buy something", "zone": "S", "priority": 0}))]
pub(super) struct NewOrder {
    /// An id of the client's choice; if left out, the service chooses.
    #[serde(default)]
    order_id: Option<OrderId>,
    details: Details,
    zone: Zone,
    /// If left out: 0.
    #[serde(default)]
    priority: Option<Priority>,
}

/// Make an order
///
/// The answer comes when the order and its event are durable. The same request again, by `orderId` or by
/// `Idempotency-Key`, makes no second order.
#[utoipa::path(
    post,
    path = "/orders",
    tag = "orders",
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "The client's name for this request. \
                A repetition within 24 hours (by default) gets the same answer."),
        ("traceparent" = Option<String>, Header,
            description = "W3C trace context; the order's event continues it. \
                A value that is not valid is passed over."),
    ),
    request_body = NewOrder,
    responses(
        (status = 201, description = "Made", body = Order,
            headers(("Location" = String, description = "The order's path"))),
        (status = 200, description = "It was there already, the same", body = Order,
            headers(("Location" = String, description = "The order's path"))),
        (status = 400, description = "`invalid-request`: a field breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`order-conflict`: the id belongs to an order with another content", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`idempotency-key-reused`: the key was used for another request", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn create_order(
    State(api): State<Api>,
    Trace(trace): Trace,
    headers: HeaderMap,
    Json(body): Json<NewOrder>,
) -> Result<Response, Problem> {
    let creation = Creation {
        request: OrderRequest {
            order_id: body.order_id,
            details: body.details,
            zone: body.zone,
            priority: body.priority.unwrap_or_default(),
        },
        key: extract::header(&headers, "Idempotency-Key", str::parse::<IdempotencyKey>)?,
        trace,
    };
    let Created { order, is_new } = api.orders.create(creation).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(header::LOCATION, location(&order))], axum::Json(order)).into_response())
}
