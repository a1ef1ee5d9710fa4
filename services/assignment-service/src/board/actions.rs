//! What can be done from the board. Each is a form with the browser's token, sent from our own page; where actions are off, there
//! are no such paths.

use std::time::Duration;

use axum::{
    Form, Router,
    extract::{DefaultBodyLimit, FromRequest, Path, Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use dispatch_contracts::id::{CourierId, OrderId};
use rest::Trace;
use serde::{Deserialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    Board, csrf, dead_letters,
    page::{problem, problem_with_way_back, shed},
    settings::Actions,
};

/// Largest form, in bytes.
const LARGEST: usize = 4_096;
/// How long a form may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// The paths.
pub(super) fn routes(actions: Actions) -> Router<Board> {
    match actions {
        Actions::On => Router::new()
            .route("/board/orders/{order_id}/assign", post(assign))
            .route("/board/messages/redrive", post(dead_letters::redrive))
            .route("/board/messages/purge", post(dead_letters::purge))
            .layer(DefaultBodyLimit::max(LARGEST)),
        Actions::Off => Router::new(),
    }
}

/// What was done, as the page that one is sent to says it.
pub(super) fn done(word: &str) -> Option<&'static str> {
    match word {
        "assigned" => Some("Assigned. It is about to be published."),
        "redriven" => Some("Redriven. What fails again comes back here."),
        "purged" => Some("Purged."),
        _ => None,
    }
}

/// A form that was filled in on our page, while there is room for what it writes.
pub(super) struct Ours<F>(pub(super) F);

#[derive(Deserialize)]
struct WithToken<F> {
    #[serde(default)]
    token: String,
    #[serde(flatten)]
    form: F,
}

impl<F: DeserializeOwned + Send> FromRequest<Board> for Ours<F> {
    type Rejection = Response;

    async fn from_request(request: Request, board: &Board) -> Result<Self, Response> {
        if !(board.has_room)() {
            let text = "Too much waits to be published. Try again in a moment.";
            return Err(shed("board-actions", text));
        }
        let headers = request.headers().clone();
        let read = tokio::time::timeout(PATIENCE, Form::<WithToken<F>>::from_request(request, board)).await;
        let Ok(Ok(Form(WithToken { token, form }))) = read else {
            return Err(problem(StatusCode::BAD_REQUEST, "The form is not complete."));
        };
        if csrf::is_ours(&headers, &token) {
            Ok(Self(form))
        } else {
            let text = "This did not come from the board's own page. Go back, load it again, and repeat.";
            Err(problem(StatusCode::FORBIDDEN, text))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assign {
    courier_id: String,
    /// A box: ticked, or not sent.
    force: Option<String>,
}

async fn assign(
    State(board): State<Board>,
    Path(order_id): Path<String>,
    Trace(trace): Trace,
    Ours(form): Ours<Assign>,
) -> Response {
    let (Ok(order_id), Ok(courier_id)) = (Uuid::try_parse(&order_id), Uuid::try_parse(form.courier_id.trim())) else {
        return problem(StatusCode::BAD_REQUEST, "This is no courier id.");
    };
    let (order, courier) = (OrderId::from(order_id), CourierId::from(courier_id));
    match board.dispatch.pin(order, courier, form.force.is_some(), trace).await {
        Ok(Ok(_)) => Redirect::to(&format!("/board/orders/{order_id}?done=assigned")).into_response(),
        Ok(Err(refusal)) => refused(StatusCode::CONFLICT, &format!("Not assigned: {refusal}."), order),
        Err(error) => {
            tracing::warn!(%error, order.id = %order, "assigning by hand failed");
            let text = "It is not known whether it was assigned: a server does not answer. Look at the order.";
            refused(StatusCode::SERVICE_UNAVAILABLE, text, order)
        }
    }
}

fn refused(status: StatusCode, text: &str, order: OrderId) -> Response {
    problem_with_way_back(status, text, &format!("/board/orders/{order}"))
}
