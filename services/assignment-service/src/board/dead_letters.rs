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

use super::{
    Board, BoardError,
    actions::Ours,
    page::{problem, problem_with_way_back},
};

/// Shown at most.
const MOST: usize = 50;
/// For how long a look is good while their number stays the same.
const LOOK: Duration = Duration::from_secs(60);
/// The same for a look that did not see all: others may look at the same time, but not for long.
const PARTIAL_LOOK: Duration = Duration::from_secs(2);
/// For how long their number is good.
const COUNT: Duration = Duration::from_millis(400);

/// What was seen of dead letters, by queue.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<HashMap<String, Look>>);

#[derive(Debug)]
struct Look {
    made: Instant,
    counted: Instant,
    number: u64,
    letters: Vec<Letter>,
}

impl Look {
    fn is_good(&self) -> bool {
        let is_whole = self.letters.len() == shown_of(self.number);
        self.made.elapsed() < if is_whole { LOOK } else { PARTIAL_LOOK }
    }
}

/// How many of so many are shown.
fn shown_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or(MOST).min(MOST)
}

/// The dead letters of a queue, and how many there are.
pub(super) async fn look(board: &Board, name: &str) -> Result<(u64, Vec<Letter>), BoardError> {
    let queue = board.queues.get(name).await?;
    let mut looks = board.0.looks.0.lock().await;
    if let Some(look) = looks.get(name)
        && look.counted.elapsed() < COUNT
    {
        return Ok((look.number, look.letters.clone()));
    }
    let (number, counted) = (queue.dead_letters_depth().await?.total(), Instant::now());
    if let Some(look) = looks.get_mut(name)
        && look.number == number
        && look.is_good()
    {
        look.counted = counted;
        return Ok((number, look.letters.clone()));
    }
    // No more than there are: the end of a queue is only found by waiting for what does not come.
    let most = shown_of(number);
    let letters = if most == 0 { Vec::new() } else { Shelf::of(queue).list(most, &board.0.stopping).await? };
    looks.insert(name.to_owned(), Look { made: Instant::now(), counted, number, letters: letters.clone() });
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
    let redriven = {
        // A look of ours would hide from it what is to go back.
        let mut looks = board.0.looks.0.lock().await;
        looks.remove(&act.queue);
        shelf.redrive(&which, &board.0.stopping).await
    };
    match redriven {
        Ok(report) => {
            tracing::info!(queue = act.queue, letters = report.redriven, "dead letters were redriven from the board");
            match unfinished(&report) {
                None => back_to(&act.queue, "redriven"),
                Some(text) => refused(StatusCode::CONFLICT, &text, &act.queue),
            }
        }
        Err(error) => refused(StatusCode::SERVICE_UNAVAILABLE, &error.to_string(), &act.queue),
    }
}

/// What went back and what did not, unless all did.
fn unfinished(report: &Report) -> Option<String> {
    if report.is_complete() {
        let why = "Nothing went back: no dead letter is there now, or somebody else looks at them.";
        return (report.redriven == 0).then(|| why.to_owned());
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
    let purged = {
        let mut looks = board.0.looks.0.lock().await;
        looks.remove(&act.queue);
        shelf.purge().await
    };
    match purged {
        Ok(letters) => {
            tracing::warn!(queue = act.queue, letters, "dead letters were purged from the board");
            back_to(&act.queue, "purged")
        }
        Err(error) => refused(StatusCode::SERVICE_UNAVAILABLE, &error.to_string(), &act.queue),
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

/// The page that the form was on. The name is that of a queue that is shown: letters, digits, hyphens and underscores.
fn page_of(queue: &str) -> String {
    format!("/board/messages?queue={queue}")
}

fn back_to(queue: &str, word: &str) -> Response {
    Redirect::to(&format!("{}&done={word}", page_of(queue))).into_response()
}

fn refused(status: StatusCode, text: &str, queue: &str) -> Response {
    problem_with_way_back(status, text, &page_of(queue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_go_back_is_told_with_what_did() {
        let mut report = Report::default();
        assert!(unfinished(&report).is_some_and(|text| text.starts_with("Nothing went back")));
        report.redriven = 3;
        assert_eq!(unfinished(&report), None);
        report.is_cut_short = true;
        assert_eq!(unfinished(&report).as_deref(), Some("3 redriven. There may be more: repeat it."));
        report.failed = vec![("id".to_owned(), "too large".to_owned())];
        let text = "3 redriven. 1 not: too large. There may be more: repeat it.";
        assert_eq!(unfinished(&report).as_deref(), Some(text));
    }
}
