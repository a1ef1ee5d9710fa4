//! `/`: how everything is now, the worst first.

use std::time::Duration;

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use chrono::TimeDelta;
use serde::Deserialize;

use super::{
    Board, BoardError, chart,
    fresh::Fresh,
    html,
    html::Since,
    page::{Asked, Entry, Forms, OFTEN, Page},
    part::{self, Part},
    queues::QueueState,
    services::ServiceState,
    watched::Watched,
};
use crate::{
    domain::latencies::Latencies,
    facts::{PaceRow, Totals, Touch, ZoneState},
    pace::{STRETCH, start_of_stretch},
};

/// Zones on a page.
const ZONES: u32 = 60;
/// Stretches in the charts: ten minutes.
const STRETCHES: usize = 120;
/// How old what all viewers share of the facts may be.
const FACTS: Duration = Duration::from_millis(250);

/// What all viewers share.
#[derive(Debug, Default)]
pub(super) struct Cache {
    totals: Fresh<Result<Totals, String>>,
    paces: Fresh<Result<Vec<PaceRow>, String>>,
    pub(super) queues: Watched<Vec<QueueState>>,
    pub(super) services: Watched<Vec<ServiceState>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    page: u32,
}

struct Overview {
    page: u32,
}

pub(super) async fn show(
    State(board): State<Board>,
    which: Result<Query<Which>, QueryRejection>,
    asked: Asked,
) -> Response {
    let page = which.map_or(0, |Query(which)| which.page.min(10_000));
    board.answer(Overview { page }, asked).await
}

impl Page for Overview {
    fn title(&self) -> String {
        "Overview".to_owned()
    }

    fn entry(&self) -> Entry {
        Entry::Overview
    }

    fn frame(&self, _: &Forms) -> Result<String, BoardError> {
        part::html(&Frame)
    }

    async fn parts(&self, board: &Board) -> Vec<Part> {
        let (totals, pace, zones, queues, services) = tokio::join!(
            Part::make("totals", totals(board)),
            Part::make("pace", pace(board)),
            Part::make("zones", zones(board, self.page)),
            Part::make("queues", queues(board)),
            Part::make("services", healths(board)),
        );
        vec![totals, pace, zones, queues, services]
    }

    fn concerns(&self, _: &Touch) -> bool {
        true
    }

    fn refresh(&self) -> Duration {
        OFTEN
    }
}

#[derive(Template)]
#[template(path = "board/overview/frame.html")]
struct Frame;

#[derive(Template)]
#[template(path = "board/overview/totals.html")]
struct TotalsPart {
    totals: Totals,
    waiting_since: Option<Since>,
}

async fn totals(board: &Board) -> Result<String, BoardError> {
    let ask = async { board.facts.totals().await.map_err(|error| error.to_string()) };
    let totals = board.0.overview.totals.get(FACTS, ask).await.map_err(BoardError::Shared)?;
    let waiting_since = totals.waiting_since.map(Since);
    part::html(&TotalsPart { totals, waiting_since })
}

#[derive(Template)]
#[template(path = "board/overview/zones.html")]
struct ZonesPart {
    zones: Vec<ZoneState>,
    page: u32,
    is_last: bool,
}

async fn zones(board: &Board, page: u32) -> Result<String, BoardError> {
    let mut zones = board.facts.worst_zones(i64::from(page * ZONES), i64::from(ZONES) + 1).await?;
    let is_last = zones.len() <= ZONES as usize;
    zones.truncate(ZONES as usize);
    part::html(&ZonesPart { zones, page, is_last })
}

#[derive(Template)]
#[template(path = "board/overview/pace.html")]
struct PacePart {
    now: String,
    most: String,
    rate: Vec<String>,
    p50: String,
    p99: String,
    slowest: String,
    p50_lines: Vec<String>,
    p99_lines: Vec<String>,
}

async fn pace(board: &Board) -> Result<String, BoardError> {
    let current = start_of_stretch(board.clock.now());
    let length = TimeDelta::from_std(STRETCH).unwrap_or_default();
    let first = current - length * i32::try_from(STRETCHES).unwrap_or(i32::MAX);
    let ask = async { board.facts.paces(first).await.map_err(|error| error.to_string()) };
    let rows = board.0.overview.paces.get(FACTS, ask).await.map_err(BoardError::Shared)?;

    let mut stretches = vec![(0.0, Latencies::default()); STRETCHES];
    let mut recent = Latencies::default();
    for row in &rows {
        let place = (row.started_at - first).num_seconds() / length.num_seconds();
        // What was written since then is of the stretch that is not over.
        let Some((assigned, latencies)) = usize::try_from(place).ok().and_then(|place| stretches.get_mut(place)) else {
            continue;
        };
        *assigned += f64::from(row.assigned) / STRETCH.as_secs_f64();
        latencies.merge(&row.latencies);
        if row.started_at >= current - TimeDelta::minutes(1) {
            recent.merge(&row.latencies);
        }
    }
    let rates: Vec<f64> = stretches.iter().map(|(rate, _)| *rate).collect();
    let percentiles = |share| stretches.iter().map(|(_, latencies)| latencies.percentile(share)).collect::<Vec<_>>();
    let (p50, p99) = (percentiles(0.5), percentiles(0.99));
    let most = rates.iter().copied().fold(0.0, f64::max);
    let slowest = p99.iter().flatten().copied().fold(0.0, f64::max);
    let last_minute = &rates[STRETCHES - 12..];
    let said = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), html::duration);
    part::html(&PacePart {
        now: a_second(last_minute.iter().sum::<f64>() / last_minute.len() as f64),
        most: a_second(most),
        rate: chart::lines(&rates.iter().map(|rate| Some(*rate)).collect::<Vec<_>>(), most),
        p50: said(recent.percentile(0.5)),
        p99: said(recent.percentile(0.99)),
        slowest: html::duration(slowest),
        p50_lines: chart::lines(&p50, slowest),
        p99_lines: chart::lines(&p99, slowest),
    })
}

/// A rate, with as many digits as it takes to tell one in a minute from none.
fn a_second(rate: f64) -> String {
    if 0.0 < rate && rate < 1.0 { format!("{rate:.2}") } else { format!("{rate:.1}") }
}

#[derive(Template)]
#[template(path = "board/overview/queues.html")]
struct QueuesPart {
    queues: Vec<QueueState>,
}

async fn queues(board: &Board) -> Result<String, BoardError> {
    part::html(&QueuesPart { queues: board.0.overview.queues.get().await })
}

#[derive(Template)]
#[template(path = "board/overview/services.html")]
struct ServicesPart {
    services: Vec<ServiceState>,
}

async fn healths(board: &Board) -> Result<String, BoardError> {
    part::html(&ServicesPart { services: board.0.overview.services.get().await })
}
