//! Dead letters: what lies there, and back or away with them.
//!
//! A look hides them from others for its duration and counts as a receive, so it is made once for all viewers, and again only when
//! their number has changed, or after a while.

use std::{collections::HashMap, fmt::Write as _, time::Duration};

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use messaging::dead_letters::{Letter, Report, Shelf, Which};
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};

use super::{Board, BoardError, actions::Ours, page::problem};

/// Shown at most.
const MOST: usize = 50;
/// For how long a look is good while their number stays the same.
const LOOK: Duration = Duration::from_secs(60);

/// What was seen of dead letters, by queue.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<HashMap<String, Look>>);

#[derive(Debug)]
struct Look {
    made: Instant,
    number: u64,
    letters: Vec<Letter>,
}

/// The dead letters of a queue, and how many there are.
pub(super) async fn look(board: &Board, name: &str) -> Result<(u64, Vec<Letter>), BoardError> {
    let queue = board.queues.get(name).await?;
    let mut looks = board.0.looks.0.lock().await;
    let depth = queue.dead_letters_depth().await?;
    let number = depth.visible + depth.in_flight + depth.delayed;
    if let Some(look) = looks.get(name)
        && look.number == number
        && look.made.elapsed() < LOOK
    {
        return Ok((number, look.letters.clone()));
    }
    // No more than there are: the end of a queue is only found by waiting for what does not come.
    let most = usize::try_from(number).unwrap_or(MOST).min(MOST);
    let letters = if most == 0 { Vec::new() } else { Shelf::of(queue).list(most, &board.0.stopping).await? };
    looks.insert(name.to_owned(), Look { made: Instant::now(), number, letters: letters.clone() });
    Ok((number, letters))
}

/// What is to be done with dead letters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Act {
    queue: String,
    /// One of them; absent: all.
    #[serde(default)]
    message_id: Option<String>,
    /// A box that says that it is meant, where it is about all of them.
    #[serde(default)]
    sure: Option<String>,
}

pub(super) async fn redrive(State(board): State<Board>, Ours(act): Ours<Act>) -> Response {
    let which = match act.message_id {
        Some(id) => Which::These(vec![id]),
        None if act.sure.is_some() => Which::All,
        None => return not_sure(),
    };
    let shelf = match shelf(&board, &act.queue).await {
        Ok(shelf) => shelf,
        Err(problem) => return *problem,
    };
    match shelf.redrive(&which, &board.0.stopping).await {
        Ok(report) => {
            tracing::info!(queue = act.queue, letters = report.redriven, "dead letters were redriven from the board");
            match unfinished(&report) {
                None => ended(&board, &act.queue, "redriven").await,
                Some(text) => problem(StatusCode::CONFLICT, &text),
            }
        }
        Err(error) => problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

/// What went back and what did not, unless all did.
fn unfinished(report: &Report) -> Option<String> {
    if report.is_complete() {
        return None;
    }
    let Report { redriven, failed, ended_by, .. } = report;
    let mut text = format!("{redriven} redriven.");
    if !failed.is_empty() {
        let reasons: Vec<&str> = failed.iter().take(5).map(|(_, reason)| reason.as_str()).collect();
        let _ = write!(text, " {} not: {}.", failed.len(), reasons.join("; "));
    }
    match ended_by {
        Some(error) => {
            let _ = write!(text, " It ended early: {error}. Repeat it: what comes twice changes nothing.");
        }
        None if report.is_cut_short => text.push_str(" There may be more: repeat it."),
        None => {}
    }
    Some(text)
}

pub(super) async fn purge(State(board): State<Board>, Ours(act): Ours<Act>) -> Response {
    if act.sure.is_none() {
        return not_sure();
    }
    let shelf = match shelf(&board, &act.queue).await {
        Ok(shelf) => shelf,
        Err(problem) => return *problem,
    };
    match shelf.purge().await {
        Ok(letters) => {
            tracing::warn!(queue = act.queue, letters, "dead letters were purged from the board");
            ended(&board, &act.queue, "purged").await
        }
        Err(error) => problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

/// The dead letters of one of the queues that the board shows, and of no other.
async fn shelf(board: &Board, queue: &str) -> Result<Shelf, Box<Response>> {
    if !board.queues.names().iter().any(|name| name == queue) {
        return Err(Box::new(problem(StatusCode::NOT_FOUND, "The board does not show such a queue.")));
    }
    let found = board.queues.get(queue).await;
    found.map(Shelf::of).map_err(|error| Box::new(problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string())))
}

fn not_sure() -> Response {
    problem(StatusCode::BAD_REQUEST, "This is about all dead letters of the queue: tick the box that says so.")
}

/// Back to the page, which looks anew.
async fn ended(board: &Board, queue: &str, word: &str) -> Response {
    board.0.looks.0.lock().await.remove(queue);
    // The name is that of a queue that exists: letters, digits, hyphens and underscores.
    Redirect::to(&format!("/board/messages?queue={queue}&done={word}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_go_back_is_told_with_what_did() {
        let mut report = Report { redriven: 3, ..Report::default() };
        assert_eq!(unfinished(&report), None);
        report.is_cut_short = true;
        assert_eq!(unfinished(&report).as_deref(), Some("3 redriven. There may be more: repeat it."));
        report.failed = vec![("id".to_owned(), "too large".to_owned())];
        let text = "3 redriven. 1 not: too large. There may be more: repeat it.";
        assert_eq!(unfinished(&report).as_deref(), Some(text));
    }
}
