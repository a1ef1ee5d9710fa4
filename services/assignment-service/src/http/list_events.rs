//! `GET /events`

use axum::extract::State;
use chrono::{DateTime, Utc};
use dispatch_contracts::{
    id::{CourierId, EventId, OrderId},
    timestamp,
};
use rest::{Cursor, Page, Problem, Query, page::Limit, problem::TryAgain};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::facts::{Facts, LogFilter, LogRow};

/// Which lines of the log, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(super) struct Which {
    /// Only what is about this order.
    #[serde(default)]
    order_id: Option<OrderId>,
    /// Only what is about this courier.
    #[serde(default)]
    courier_id: Option<CourierId>,
    /// Most items on the page: 1 to 100; 20 if left out.
    #[serde(default)]
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// A line of the event log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoggedEvent {
    #[serde(skip)]
    seq: i64,
    event_id: EventId,
    r#type: String,
    #[schema(required = true)]
    order_id: Option<OrderId>,
    #[schema(required = true)]
    courier_id: Option<CourierId>,
    #[schema(required = true)]
    zone: Option<String>,
    /// What the event says.
    payload: serde_json::Value,
    /// The message that brought it; null for decisions.
    #[schema(required = true)]
    source_message_id: Option<String>,
    /// What an assignment was based on: open orders of the chosen then, who was next, how many could have taken it. Null
    /// for everything else.
    #[schema(required = true)]
    inputs: Option<serde_json::Value>,
    #[serde(with = "timestamp")]
    occurred_at: DateTime<Utc>,
    /// The process that wrote the line.
    recorded_by: String,
    #[serde(with = "timestamp")]
    recorded_at: DateTime<Utc>,
}

impl From<LogRow> for LoggedEvent {
    fn from(row: LogRow) -> Self {
        Self {
            seq: row.seq,
            event_id: row.event_id.into(),
            r#type: row.r#type,
            order_id: row.order_id.map(OrderId::from),
            courier_id: row.courier_id.map(CourierId::from),
            zone: row.zone,
            payload: row.payload,
            source_message_id: row.source_message_id,
            inputs: row.inputs,
            occurred_at: row.occurred_at,
            recorded_by: row.recorded_by,
            recorded_at: row.recorded_at,
        }
    }
}

/// List events and decisions
///
/// Oldest first, by order, by courier, or all of it. Whoever goes on behind the last line of a page misses nothing: a page ends
/// before what is still being written. What is older than LOG_RETENTION_DAYS is gone.
#[utoipa::path(
    get,
    path = "/events",
    tag = "events",
    params(Which),
    responses(
        (status = 200, description = "A page of the log", body = Page<LoggedEvent>),
        (status = 400, description = "`invalid-request`: a parameter breaks its format", body = Problem, content_type = "application/problem+json"),
        TryAgain,
    ),
)]
pub(super) async fn list_events(
    State(facts): State<Facts>,
    Query(Which { order_id, courier_id, limit, cursor }): Query<Which>,
) -> Result<axum::Json<Page<LoggedEvent>>, Problem> {
    let after = cursor.as_ref().map(Cursor::position::<i64>).transpose()?.unwrap_or(0);
    let rows = facts.events(LogFilter { order_id, courier_id }, after, limit.rows()).await?;
    let lines = rows.into_iter().map(LoggedEvent::from).collect();
    Ok(axum::Json(Page::of_rows(lines, limit, |line: &LoggedEvent| line.seq)))
}
