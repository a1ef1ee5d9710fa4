//! `/board/orders/{orderId}`: what became of an order, step by step, and why this courier or why still nobody.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use dispatch_contracts::id::{CourierId, OrderId};
use uuid::Uuid;

use super::{
    Board, BoardError,
    events::Line,
    html::{Short, Since, When},
    page::{Asked, Forms, Page, problem},
    part::{self, Part},
    settings::Actions,
};
use crate::facts::{DecisionRow, RecentFilter, Touch};

/// Lines of its history at most.
const LINES: i64 = 200;

struct OrderPage {
    order_id: OrderId,
}

pub(super) async fn show(State(board): State<Board>, Path(id): Path<String>, asked: Asked) -> Response {
    let Ok(id) = Uuid::try_parse(&id) else {
        return problem(StatusCode::NOT_FOUND, "This is no order id.");
    };
    board.answer(OrderPage { order_id: id.into() }, asked).await
}

#[derive(Template)]
#[template(path = "board/order/frame.html")]
struct Frame<'a> {
    order_id: OrderId,
    has_actions: bool,
    token: &'a str,
}

impl Page for OrderPage {
    fn title(&self) -> String {
        format!("Order {}", self.order_id)
    }

    fn frame(&self, forms: &Forms) -> Result<String, BoardError> {
        part::html(&Frame {
            order_id: self.order_id,
            has_actions: forms.actions == Actions::On,
            token: forms.token.field(),
        })
    }

    async fn parts(&self, board: &Board) -> Vec<Part> {
        let (state, decision, timeline) = tokio::join!(
            Part::make("state", self.state(board)),
            Part::make("decision", self.decision(board)),
            Part::make("timeline", self.timeline(board)),
        );
        vec![state, decision, timeline]
    }

    fn concerns(&self, line: &Touch) -> bool {
        // While it waits, news of couriers may change why.
        line.order_id.is_none_or(|order| order == self.order_id.as_uuid())
    }
}

#[derive(Template)]
#[template(path = "board/order/state.html")]
struct StatePart {
    row: Option<DecisionRow>,
    added: Option<When>,
    details: Option<String>,
    is_complete: bool,
}

#[derive(Template)]
#[template(path = "board/order/decision.html")]
struct Decision {
    row: Option<DecisionRow>,
    courier: Option<Named>,
    runner_up: Option<Named>,
    assigned: Option<When>,
    waits_since: Option<Since>,
    is_waiting: bool,
    /// How many of those who take orders could have taken it, were it not for what is said of them.
    able: i64,
    is_alone: bool,
}

/// A courier with their name, where it is known.
struct Named {
    id: Short,
    courier_id: Uuid,
    name: Option<String>,
}

#[derive(Template)]
#[template(path = "board/order/timeline.html")]
struct Timeline {
    lines: Vec<Line>,
    most: i64,
}

impl OrderPage {
    async fn row(&self, board: &Board) -> Result<Option<DecisionRow>, BoardError> {
        Ok(board.facts.decision(self.order_id, &board.policy, board.clock.now()).await?)
    }

    async fn state(&self, board: &Board) -> Result<String, BoardError> {
        let row = self.row(board).await?;
        let found = board.orders_by_id(&[self.order_id]).await;
        part::html(&StatePart {
            added: row.as_ref().map(|row| When(row.added_at)),
            row,
            details: found.by_id.get(&self.order_id).map(|order| order.details.as_str().to_owned()),
            is_complete: found.is_complete,
        })
    }

    async fn decision(&self, board: &Board) -> Result<String, BoardError> {
        let row = self.row(board).await?;
        let ids = row.iter().flat_map(|row| [row.courier_id, row.runner_up]).flatten();
        let ids: Vec<CourierId> = ids.map(CourierId::from).collect();
        let names = board.couriers_by_id(&ids).await.by_id;
        let named = |id: Option<Uuid>| {
            id.map(|id| Named {
                id: Short(id),
                courier_id: id,
                name: names.get(&CourierId::from(id)).map(|courier| courier.name.as_str().to_owned()),
            })
        };
        let busy = |row: &DecisionRow| [row.full_up, row.declined, row.resting].into_iter().flatten().sum::<i64>();
        part::html(&Decision {
            courier: named(row.as_ref().and_then(|row| row.courier_id)),
            runner_up: named(row.as_ref().and_then(|row| row.runner_up)),
            assigned: row.as_ref().and_then(|row| row.assigned_at).map(When),
            waits_since: row.as_ref().map(|row| Since(row.added_at)),
            is_waiting: row.as_ref().is_some_and(|row| row.status == "pending"),
            able: row.as_ref().map_or(0, |row| row.available.unwrap_or(0) - busy(row)),
            is_alone: row.as_ref().is_none_or(|row| row.candidates.is_none_or(|candidates| candidates <= 1)),
            row,
        })
    }

    async fn timeline(&self, board: &Board) -> Result<String, BoardError> {
        let filter = RecentFilter { order_id: Some(self.order_id), ..RecentFilter::default() };
        let mut rows = board.facts.recent(&filter, LINES).await?;
        rows.reverse();
        part::html(&Timeline { lines: rows.into_iter().map(Line::from).collect(), most: LINES })
    }
}
