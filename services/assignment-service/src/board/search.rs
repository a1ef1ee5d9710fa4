//! `/board/search?q=`: from an id or the name of a zone to its page.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use dispatch_contracts::zone::Zone;
use serde::Deserialize;
use uuid::Uuid;

use super::{Board, BoardError, page::problem};

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
}

pub(super) async fn search(State(board): State<Board>, asked: Result<Query<Asked>, QueryRejection>) -> Response {
    let text = asked.map(|Query(asked)| asked.q).unwrap_or_default();
    match find(&board, text.trim()).await {
        Ok(Some(path)) => Redirect::to(&path).into_response(),
        Ok(None) => problem(
            StatusCode::NOT_FOUND,
            "No event has named such an order, courier or zone, and none that was heard of lately has this id.",
        ),
        Err(error) => {
            tracing::warn!(%error, "a search could not be made");
            problem(StatusCode::SERVICE_UNAVAILABLE, "The database does not answer. Try again in a moment.")
        }
    }
}

async fn find(board: &Board, text: &str) -> Result<Option<String>, BoardError> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(board.facts.what_is(id).await?.map(|(kind, id)| format!("/board/{kind}/{id}")));
    }
    match text.parse::<Zone>() {
        // The characters of a zone are fit for a path as they are.
        Ok(zone) if board.facts.knows_zone(&zone).await? => Ok(Some(format!("/board/zones/{zone}"))),
        _ => Ok(None),
    }
}
