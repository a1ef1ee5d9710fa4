//! `/board/zones/{zone}`: who takes orders there and how loaded they are, what waits, and what was decided lately.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    resource::Courier,
    zone::Zone,
};
use serde::Deserialize;

use super::{
    Board, BoardError,
    events::Line,
    html::{Short, Since},
    page::{Asked, Forms, Page, problem},
    part::{self, Part},
};
use crate::facts::{CourierLoad, RecentFilter, SEARCHED, Touch, ZoneRow};

/// Couriers on a page, orders of the line, decisions.
const COURIERS: u32 = 50;
const LINE: i64 = 50;
const DECISIONS: i64 = 20;

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    page: u32,
}

struct ZonePage {
    zone: Zone,
    page: u32,
}

pub(super) async fn show(
    State(board): State<Board>,
    Path(zone): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
    asked: Asked,
) -> Response {
    let Ok(zone) = zone.parse() else {
        return problem(StatusCode::NOT_FOUND, "This can be no zone.");
    };
    let page = which.map_or(0, |Query(which)| which.page.min(100_000));
    board.answer(ZonePage { zone, page }, asked).await
}

#[derive(Template)]
#[template(path = "board/zone/frame.html")]
struct Frame<'a> {
    zone: &'a Zone,
}

impl Page for ZonePage {
    fn title(&self) -> String {
        format!("Zone {}", self.zone)
    }

    fn frame(&self, _: &Forms) -> Result<String, BoardError> {
        part::html(&Frame { zone: &self.zone })
    }

    async fn parts(&self, board: &Board) -> Vec<Part> {
        let (counts, couriers, line, decisions) = tokio::join!(
            Part::make("counts", self.counts(board)),
            Part::make("couriers", self.couriers(board)),
            Part::make("line", self.line(board)),
            Part::make("decisions", self.decisions(board)),
        );
        vec![counts, couriers, line, decisions]
    }

    fn concerns(&self, line: &Touch) -> bool {
        // Steps of an order name none, and may be about one of here; whoever comes to another zone may have left this one.
        line.r#type == "AddCourier" || line.zone.as_deref().is_none_or(|zone| zone == self.zone.as_str())
    }
}

#[derive(Template)]
#[template(path = "board/zone/counts.html")]
struct Counts {
    counts: Option<ZoneRow>,
}

#[derive(Template)]
#[template(path = "board/zone/couriers.html")]
struct Couriers {
    couriers: Vec<Row>,
    zone: Zone,
    page: u32,
    is_last: bool,
    are_names_complete: bool,
}

/// A courier with what there is to show of them.
pub(super) struct Row {
    id: Short,
    courier_id: CourierId,
    name: Option<String>,
    load: CourierLoad,
    is_full: bool,
    /// What a full bar stands for: the capacity, or the most that anybody here has.
    most: u32,
}

#[derive(Template)]
#[template(path = "board/zone/line.html")]
struct InLine {
    orders: Vec<(Short, OrderId, i16, Since)>,
    is_cut: bool,
}

#[derive(Template)]
#[template(path = "board/events/lines.html")]
struct Decisions {
    lines: Vec<Line>,
    searched: Option<i64>,
}

impl ZonePage {
    async fn counts(&self, board: &Board) -> Result<String, BoardError> {
        part::html(&Counts { counts: board.facts.zone_counts(&self.zone).await? })
    }

    async fn couriers(&self, board: &Board) -> Result<String, BoardError> {
        let pass_over = i64::from(self.page) * i64::from(COURIERS);
        let mut loads = board.facts.couriers_by_score(&self.zone, pass_over, i64::from(COURIERS) + 1).await?;
        let is_last = loads.len() <= COURIERS as usize;
        loads.truncate(COURIERS as usize);
        let ids: Vec<CourierId> = loads.iter().map(|load| load.courier_id).collect();
        let names = board.couriers_by_id(&ids).await;
        part::html(&Couriers {
            couriers: rows(loads, &names.by_id),
            zone: self.zone.clone(),
            page: self.page,
            is_last,
            are_names_complete: names.is_complete,
        })
    }

    async fn line(&self, board: &Board) -> Result<String, BoardError> {
        let mut line = board.facts.zone_line(&self.zone, LINE + 1).await?;
        let is_cut = line.len() > LINE as usize;
        line.truncate(LINE as usize);
        let orders = line
            .into_iter()
            .map(|row| (Short(row.order_id), row.order_id.into(), row.priority, Since(row.added_at)))
            .collect();
        part::html(&InLine { orders, is_cut })
    }

    async fn decisions(&self, board: &Board) -> Result<String, BoardError> {
        let of_type = |name| {
            let filter = RecentFilter { zone: Some(self.zone.clone()), r#type: Some(name), ..RecentFilter::default() };
            async move { board.facts.recent(&filter, DECISIONS).await }
        };
        let (assigned, unassigned) = tokio::try_join!(of_type("OrderAssigned"), of_type("OrderUnassigned"))?;
        let mut rows = assigned;
        rows.extend(unassigned);
        // Those that came back to us as messages are other lines: what we decided has none.
        rows.retain(|row| row.source_message_id.is_none());
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.seq));
        rows.truncate(DECISIONS as usize);
        let searched = (rows.len() < DECISIONS as usize).then_some(SEARCHED);
        part::html(&Decisions { lines: rows.into_iter().map(Line::from).collect(), searched })
    }
}

fn rows(loads: Vec<CourierLoad>, names: &HashMap<CourierId, Courier>) -> Vec<Row> {
    let most_here = loads.iter().map(|load| load.open_orders).max().unwrap_or(0).max(1);
    let row = |load: CourierLoad| Row {
        id: Short(load.courier_id.as_uuid()),
        courier_id: load.courier_id,
        name: names.get(&load.courier_id).map(|courier| courier.name.as_str().to_owned()),
        is_full: load.capacity.is_some_and(|capacity| load.open_orders >= capacity),
        most: load.capacity.unwrap_or(most_here).max(load.open_orders).max(1),
        load,
    };
    loads.into_iter().map(row).collect()
}
