//! `POST /orders/{orderId}/pickup`, `/deliver` and `/cancel`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use dispatch_contracts::resource::Order;
use rest::{
    Path, Problem, Trace,
    problem::{Extended, TryAgain},
};

use super::{Api, Standing, WhichOrder, location};
use crate::domain::step::Step;

/// Say that the courier has collected the order
///
/// Possible while it is assigned. The answer comes when the step and its event are durable. An order that is picked up
/// already stays so, and nothing is published: asking again is safe. A body is ignored.
#[utoipa::path(
    post,
    path = "/orders/{orderId}/pickup",
    tag = "orders",
    params(
        WhichOrder,
        ("traceparent" = Option<String>, Header,
            description = "W3C trace context; the step's event continues it. A value that is not valid is passed over."),
    ),
    responses(
        (status = 202, description = "It is picked up; the other services will hear of it", body = Order,
            headers(("Location" = String, description = "The order's path"))),
        (status = 400, description = "`invalid-request`: the id breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`order-not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`impossible-transition`: the order is not assigned; `orderStatus` says what it is", body = Extended<Standing>, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn pick_up(api: State<Api>, which: Path<WhichOrder>, trace: Trace) -> Result<Response, Problem> {
    take(api, which, trace, Step::PickUp).await
}

/// Say that the order is done
///
/// Possible while it is picked up. The answer comes when the step and its event are durable. An order that is delivered
/// already stays so, and nothing is published: asking again is safe. A body is ignored.
#[utoipa::path(
    post,
    path = "/orders/{orderId}/deliver",
    tag = "orders",
    params(
        WhichOrder,
        ("traceparent" = Option<String>, Header,
            description = "W3C trace context; the step's event continues it. A value that is not valid is passed over."),
    ),
    responses(
        (status = 202, description = "It is delivered; the other services will hear of it", body = Order,
            headers(("Location" = String, description = "The order's path"))),
        (status = 400, description = "`invalid-request`: the id breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`order-not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`impossible-transition`: the order is not picked up; `orderStatus` says what it is", body = Extended<Standing>, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn deliver(api: State<Api>, which: Path<WhichOrder>, trace: Trace) -> Result<Response, Problem> {
    take(api, which, trace, Step::Deliver).await
}

/// Call an order off
///
/// Possible until it is delivered. The answer comes when the step and its event are durable. An order that is cancelled
/// already stays so, and nothing is published: asking again is safe. A body is ignored.
#[utoipa::path(
    post,
    path = "/orders/{orderId}/cancel",
    tag = "orders",
    params(
        WhichOrder,
        ("traceparent" = Option<String>, Header,
            description = "W3C trace context; the step's event continues it. A value that is not valid is passed over."),
    ),
    responses(
        (status = 202, description = "It is cancelled; the other services will hear of it", body = Order,
            headers(("Location" = String, description = "The order's path"))),
        (status = 400, description = "`invalid-request`: the id breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`order-not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`impossible-transition`: the order is delivered", body = Extended<Standing>, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn cancel(api: State<Api>, which: Path<WhichOrder>, trace: Trace) -> Result<Response, Problem> {
    take(api, which, trace, Step::Cancel).await
}

async fn take(
    State(api): State<Api>,
    Path(WhichOrder { order_id }): Path<WhichOrder>,
    Trace(trace): Trace,
    step: Step,
) -> Result<Response, Problem> {
    let order = api.orders.take_step(order_id, step, trace).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location(&order))], axum::Json(order)).into_response())
}
