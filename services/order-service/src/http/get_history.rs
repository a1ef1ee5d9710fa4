//! `GET /orders/{orderId}/history`

use axum::extract::State;
use rest::{Cursor, Page, PageRequest, Path, Problem, Query, problem::TryAgain};

use super::{Api, WhichOrder};
use crate::domain::history::{Entry, Place};

/// Show what happened to an order
///
/// Oldest first: its creation, then each change that took effect, by when it happened. News can come late, so a change
/// may appear among those that were there before; pages that follow do not shift.
#[utoipa::path(
    get,
    path = "/orders/{orderId}/history",
    tag = "orders",
    params(WhichOrder, PageRequest),
    responses(
        (status = 200, description = "A page of changes", body = Page<Entry>),
        (status = 400, description = "`invalid-request`: a parameter breaks its format", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`order-not-found`", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn get_history(
    State(api): State<Api>,
    Path(WhichOrder { order_id }): Path<WhichOrder>,
    Query(PageRequest { limit, cursor }): Query<PageRequest>,
) -> Result<axum::Json<Page<Entry>>, Problem> {
    let after = cursor.as_ref().map(Cursor::position::<Place>).transpose()?;
    let entries = api.orders.history(order_id, after).await?;
    Ok(axum::Json(Page::of_rows(entries, limit, |entry| Place::from(entry))))
}
