//! `/board/couriers/{courierId}`: whether they take orders, what they have and had, how loaded they were, what they declined.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use chrono::{DateTime, Utc};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    resource::Order,
};
use uuid::Uuid;

use super::{
    Board, BoardError, chart,
    events::Line,
    html::{Short, When},
    page::{Asked, Forms, Page, problem},
    part::{self, Part},
};
use crate::facts::{CourierLoad, RecentFilter, Stint, Touch};

/// Orders on the page, and in the chart.
const STINTS: i64 = 100;
const DECLINED: i64 = 20;

struct CourierPage {
    courier_id: CourierId,
}

pub(super) async fn show(State(board): State<Board>, Path(id): Path<String>, asked: Asked) -> Response {
    let Ok(id) = Uuid::try_parse(&id) else {
        return problem(StatusCode::NOT_FOUND, "This is no courier id.");
    };
    board.answer(CourierPage { courier_id: id.into() }, asked).await
}

#[derive(Template)]
#[template(path = "board/courier/frame.html")]
struct Frame {
    courier_id: CourierId,
}

impl Page for CourierPage {
    fn title(&self) -> String {
        format!("Courier {}", self.courier_id)
    }

    fn frame(&self, _: &Forms) -> Result<String, BoardError> {
        part::html(&Frame { courier_id: self.courier_id })
    }

    async fn parts(&self, board: &Board) -> Vec<Part> {
        let stints = async { board.facts.stints(self.courier_id, STINTS + 1).await.map_err(BoardError::from) };
        let (state, work, declined) = tokio::join!(
            Part::make("state", self.state(board)),
            Part::make("work", async { work(board, stints.await?).await }),
            Part::make("declined", self.declined(board)),
        );
        vec![state, work, declined]
    }

    fn concerns(&self, line: &Touch) -> bool {
        // Steps of an order name no courier, and may be about one of theirs.
        line.courier_id.is_none_or(|courier| courier == self.courier_id.as_uuid())
    }
}

#[derive(Template)]
#[template(path = "board/courier/state.html")]
struct StatePart {
    load: Option<CourierLoad>,
    name: Option<String>,
    is_complete: bool,
}

#[derive(Template)]
#[template(path = "board/courier/work.html")]
struct Work {
    lists: [(&'static str, Vec<Row>); 2],
    is_cut: bool,
    are_details_complete: bool,
    chart: Option<LoadChart>,
}

/// How many orders were with them, from the oldest that is shown until now.
struct LoadChart {
    points: String,
    most: usize,
    from: When,
}

struct Row {
    id: Short,
    order_id: Uuid,
    /// Tells it from other times that the order was with them.
    key: i64,
    details: Option<String>,
    since: When,
    until: Option<When>,
    end: Option<&'static str>,
    status: String,
}

#[derive(Template)]
#[template(path = "board/courier/declined.html")]
struct Declined {
    lines: Vec<Line>,
}

impl CourierPage {
    async fn state(&self, board: &Board) -> Result<String, BoardError> {
        let load = board.facts.courier_load(self.courier_id).await?;
        let found = board.couriers_by_id(&[self.courier_id]).await;
        let name = found.by_id.get(&self.courier_id).map(|courier| courier.name.as_str().to_owned());
        part::html(&StatePart { load, name, is_complete: found.is_complete })
    }

    async fn declined(&self, board: &Board) -> Result<String, BoardError> {
        let filter = RecentFilter {
            courier_id: Some(self.courier_id),
            r#type: Some("OrderRejected"),
            ..RecentFilter::default()
        };
        let lines = board.facts.recent(&filter, DECLINED).await?;
        part::html(&Declined { lines: lines.into_iter().map(Line::from).collect() })
    }
}

async fn work(board: &Board, mut stints: Vec<Stint>) -> Result<String, BoardError> {
    let is_cut = stints.len() > STINTS as usize;
    stints.truncate(STINTS as usize);
    let ids: Vec<OrderId> = stints.iter().map(|stint| stint.order_id.into()).collect();
    let orders = board.orders_by_id(&ids).await;
    let chart = load_chart(&stints, board.clock.now());
    let (open, past): (Vec<_>, Vec<_>) =
        stints.into_iter().map(|stint| row(stint, &orders.by_id)).partition(|row| row.until.is_none());
    part::html(&Work {
        lists: [("Open", open), ("Past", past)],
        is_cut,
        are_details_complete: orders.is_complete,
        chart,
    })
}

fn row(stint: Stint, orders: &HashMap<OrderId, Order>) -> Row {
    let end = stint.ended_by.as_deref().map(|event| match event {
        "OrderDelivered" => "delivered",
        "OrderCancelled" => "cancelled",
        "OrderAssigned" => "given to somebody else",
        _ => "taken back",
    });
    Row {
        id: Short(stint.order_id),
        order_id: stint.order_id,
        key: stint.since.timestamp_micros(),
        details: orders.get(&OrderId::from(stint.order_id)).map(|order| order.details.as_str().to_owned()),
        since: When(stint.since),
        until: stint.until.map(When),
        end,
        status: stint.status,
    }
}

fn load_chart(stints: &[Stint], now: DateTime<Utc>) -> Option<LoadChart> {
    let from = stints.iter().map(|stint| stint.since).min()?;
    let length = (now - from).as_seconds_f64().max(1.0);
    let starts = stints.iter().map(|stint| (stint.since, 1_i64));
    let ends = stints.iter().filter_map(|stint| Some((stint.until?, -1)));
    let mut changes: Vec<(DateTime<Utc>, i64)> = starts.chain(ends).collect();
    changes.sort_unstable();
    let (mut open, mut most) = (0, 0);
    let mut values = Vec::with_capacity(changes.len());
    for (at, change) in changes {
        open += change;
        most = most.max(open);
        values.push(((at - from).as_seconds_f64() / length, open as f64));
    }
    Some(LoadChart {
        points: chart::steps(&values, most as f64),
        most: usize::try_from(most).unwrap_or(0),
        from: When(from),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stint(since: &str, until: Option<&str>) -> Stint {
        let time = |text: &str| text.parse().expect("a time");
        Stint {
            order_id: Uuid::nil(),
            since: time(since),
            until: until.map(time),
            ended_by: None,
            status: String::new(),
        }
    }

    #[test]
    fn the_chart_goes_up_and_down_with_the_orders() {
        let stints = [stint("2026-01-01T00:00:50Z", None), stint("2026-01-01T00:00:00Z", Some("2026-01-01T00:00:50Z"))];
        let chart = load_chart(&stints, "2026-01-01T00:01:40Z".parse().expect("a time")).expect("a chart");
        assert_eq!(chart.most, 1, "the end of one comes before the start of another of the same time");
        assert_eq!(chart.points, "0.0,0.0 300.0,0.0 300.0,120.0 300.0,120.0 300.0,0.0 600.0,0.0");
        assert!(load_chart(&[], Utc::now()).is_none());
    }
}
