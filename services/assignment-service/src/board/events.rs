//! `/board/events`: the end of the event log as it grows, and the lines of it that other pages show.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use chrono::{DateTime, Utc};
use dispatch_contracts::{
    event::TYPES,
    id::{CourierId, OrderId},
    zone::Zone,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Board, BoardError,
    html::{Short, When},
    page::{Asked, Entry, Forms, Page},
    part::{self, Part},
};
use crate::facts::{LogRow, RecentFilter, SEARCHED, Touch};

/// Lines on the page.
const LINES: i64 = 100;

/// What somebody looks for. What they typed is text: what can be no id and no zone is said to be none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Which {
    zone: String,
    r#type: String,
    order_id: String,
    courier_id: String,
}

struct Events {
    which: Which,
    filter: Result<RecentFilter, &'static str>,
}

pub(super) async fn show(
    State(board): State<Board>,
    which: Result<Query<Which>, QueryRejection>,
    asked: Asked,
) -> Response {
    let which = which.map(|Query(which)| which).unwrap_or_default();
    let filter = which.filter();
    board.answer(Events { which, filter }, asked).await
}

impl Which {
    fn filter(&self) -> Result<RecentFilter, &'static str> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let id = |text: &str, problem| given(text).map(|text| Uuid::try_parse(&text).map_err(|_| problem)).transpose();
        let zone = given(&self.zone).map(|zone| zone.parse::<Zone>().map_err(|_| "This can be no zone."));
        let r#type = given(&self.r#type);
        let r#type = r#type.map(|name| TYPES.into_iter().find(|known| *known == name).ok_or("There is no such type."));
        Ok(RecentFilter {
            order_id: id(&self.order_id, "This is no order id.")?.map(OrderId::from),
            courier_id: id(&self.courier_id, "This is no courier id.")?.map(CourierId::from),
            zone: zone.transpose()?,
            r#type: r#type.transpose()?,
        })
    }
}

#[derive(Template)]
#[template(path = "board/events/frame.html")]
struct Frame<'a> {
    which: &'a Which,
    types: &'static [&'static str],
    problem: Option<&'static str>,
}

impl Page for Events {
    fn title(&self) -> String {
        "Events".to_owned()
    }

    fn entry(&self) -> Entry {
        Entry::Events
    }

    fn frame(&self, _: &Forms) -> Result<String, BoardError> {
        part::html(&Frame { which: &self.which, types: &TYPES, problem: self.filter.as_ref().err().copied() })
    }

    async fn parts(&self, board: &Board) -> Vec<Part> {
        vec![Part::make("lines", self.lines(board)).await]
    }

    fn concerns(&self, line: &Touch) -> bool {
        let Ok(filter) = &self.filter else { return false };
        filter.order_id.is_none_or(|order| line.order_id == Some(order.as_uuid()))
            && filter.courier_id.is_none_or(|courier| line.courier_id == Some(courier.as_uuid()))
            // Steps of an order name none, and may be about one of the zone.
            && filter.zone.as_ref().is_none_or(|zone| line.zone.as_deref().is_none_or(|named| named == zone.as_str()))
            && filter.r#type.is_none_or(|name| line.r#type == name)
    }
}

#[derive(Template)]
#[template(path = "board/events/tail.html")]
struct Lines {
    lines: Vec<Line>,
    rate: Option<String>,
    most: i64,
    searched: Option<i64>,
    names_courier: bool,
}

impl Events {
    async fn lines(&self, board: &Board) -> Result<String, BoardError> {
        let rows = match &self.filter {
            Ok(filter) => board.facts.recent(filter, LINES).await?,
            Err(_) => Vec::new(),
        };
        let is_indexed =
            self.filter.as_ref().is_ok_and(|filter| filter.order_id.is_some() || filter.courier_id.is_some());
        let is_filtered = self.filter.as_ref().is_ok_and(|filter| filter.zone.is_some() || filter.r#type.is_some());
        part::html(&Lines {
            rate: rate(&rows, board.clock.now()),
            lines: rows.into_iter().map(Line::from).collect(),
            most: LINES,
            searched: (is_filtered && !is_indexed).then_some(SEARCHED),
            names_courier: self.filter.as_ref().is_ok_and(|filter| filter.courier_id.is_some()),
        })
    }
}

/// How many a second there were, where so many came at once that nobody could read them as they come.
fn rate(newest_first: &[LogRow], now: DateTime<Utc>) -> Option<String> {
    let (newest, oldest) = (newest_first.first()?, newest_first.last()?);
    let seconds = (newest.recorded_at - oldest.recorded_at).as_seconds_f64().max(0.1);
    let rate = newest_first.len() as f64 / seconds;
    let is_now = (now - newest.recorded_at).num_seconds() < 10;
    (is_now && newest_first.len() >= LINES as usize && rate > 20.0).then(|| format!("{rate:.0}"))
}

/// A line of the log, to be shown.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) seq: i64,
    pub(super) r#type: String,
    pub(super) order: Option<(Short, Uuid)>,
    pub(super) courier: Option<(Short, Uuid)>,
    pub(super) zone: Option<String>,
    pub(super) occurred: When,
    pub(super) recorded: When,
    pub(super) recorded_by: String,
    pub(super) event_id: Uuid,
    /// The message that brought it; nothing for what was decided here.
    pub(super) message_id: Option<String>,
    /// What it says, as JSON.
    pub(super) payload: String,
    /// What a decision was based on, as JSON.
    pub(super) inputs: Option<String>,
}

impl From<LogRow> for Line {
    fn from(row: LogRow) -> Self {
        let json = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default();
        Self {
            seq: row.seq,
            r#type: row.r#type,
            order: row.order_id.map(|id| (Short(id), id)),
            courier: row.courier_id.map(|id| (Short(id), id)),
            zone: row.zone,
            occurred: When(row.occurred_at),
            recorded: When(row.recorded_at),
            recorded_by: row.recorded_by,
            event_id: row.event_id,
            message_id: row.source_message_id,
            payload: json(&row.payload),
            inputs: row.inputs.as_ref().map(json),
        }
    }
}
