//! `/board/messages?queue=`: what passed through a queue lately, raw, and what lies in its dead-letter queue, with what can be done
//! about that.
//!
//! A look at dead letters hides them from others for its duration and counts as a receive, so it is made once for all viewers, and
//! again only when their number has changed, or after a while.

use std::{collections::HashMap, time::Duration};

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use messaging::{
    Outcome,
    dead_letters::{Letter, Shelf, Which as Letters},
};
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};

use super::{
    Board, BoardError,
    actions::Ours,
    html::When,
    page::{Asked, Entry, Forms, Page, problem},
    part::{self, Part},
    settings::Actions,
    taps::{self, Passed},
};
use crate::facts::Touch;

/// Messages and dead letters on the page.
const MESSAGES: u32 = 50;
const DEAD: usize = 50;
/// For how long a look at dead letters is good while their number stays the same.
const LOOK: Duration = Duration::from_secs(60);
/// Of a body, shown at once; all of it is behind a fold.
const GLANCE: usize = 160;

/// What was seen of dead letters, by queue.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<HashMap<String, Look>>);

#[derive(Debug)]
struct Look {
    made: Instant,
    number: u64,
    letters: Vec<Letter>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    queue: String,
}

struct Messages {
    queue: String,
    queues: Vec<String>,
}

pub(super) async fn show(
    State(board): State<Board>,
    which: Result<Query<Which>, QueryRejection>,
    asked: Asked,
) -> Response {
    let queues = board.queues.names().to_vec();
    let wanted = which.map(|Query(which)| which.queue).unwrap_or_default();
    let queue = if wanted.is_empty() { queues.first().cloned().unwrap_or_default() } else { wanted };
    if !queues.contains(&queue) {
        return problem(StatusCode::NOT_FOUND, "The board does not show such a queue.");
    }
    board.answer(Messages { queue, queues }, asked).await
}

#[derive(Template)]
#[template(path = "board/messages/frame.html")]
struct Frame<'a> {
    queue: &'a str,
    queues: &'a [String],
    has_actions: bool,
    token: &'a str,
}

impl Page for Messages {
    fn title(&self) -> String {
        format!("Messages of {}", self.queue)
    }

    fn entry(&self) -> Entry {
        Entry::Messages
    }

    fn frame(&self, forms: &Forms) -> Result<String, BoardError> {
        part::html(&Frame {
            queue: &self.queue,
            queues: &self.queues,
            has_actions: forms.actions == Actions::On,
            token: forms.token.field(),
        })
    }

    async fn parts(&self, board: &Board) -> Vec<Part> {
        let (passed, dead) =
            tokio::join!(Part::make("passed", self.passed(board)), Part::make("dead", self.dead(board)),);
        vec![passed, dead]
    }

    fn concerns(&self, _: &Touch) -> bool {
        true
    }
}

#[derive(Template)]
#[template(path = "board/messages/passed.html")]
struct PassedPart<'a> {
    queue: &'a str,
    has_gaps: bool,
    messages: Vec<Passed>,
    most: u32,
}

#[derive(Template)]
#[template(path = "board/messages/dead.html")]
struct DeadPart {
    letters: Vec<Row>,
    number: u64,
    has_actions: bool,
}

struct Row {
    glance: String,
    sent: Option<When>,
    failed: Option<When>,
    letter: Letter,
}

impl Messages {
    async fn passed(&self, board: &Board) -> Result<String, BoardError> {
        let messages = taps::latest(board, &self.queue, MESSAGES).await?;
        let has_gaps = messages.iter().any(|message| message.skipped_after > 0);
        part::html(&PassedPart { queue: &self.queue, has_gaps, messages, most: MESSAGES })
    }

    async fn dead(&self, board: &Board) -> Result<String, BoardError> {
        let (number, letters) = look(board, &self.queue).await?;
        let row = |letter: Letter| Row {
            glance: glance(&letter.body),
            sent: letter.sent_at.map(When),
            failed: letter.failed_at.map(When),
            letter,
        };
        part::html(&DeadPart {
            letters: letters.into_iter().map(row).collect(),
            number,
            has_actions: board.actions == Actions::On,
        })
    }
}

/// The beginning of a body, on one line.
pub(super) fn glance(body: &str) -> String {
    let line: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(GLANCE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The dead letters of a queue, and how many there are.
async fn look(board: &Board, name: &str) -> Result<(u64, Vec<Letter>), BoardError> {
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
    let letters = if number == 0 { Vec::new() } else { Shelf::of(queue).list(DEAD, &board.0.stopping).await? };
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
        Some(id) => Letters::These(vec![id]),
        None if act.sure.is_some() => Letters::All,
        None => return not_sure(),
    };
    let done = async {
        let shelf = Shelf::of(board.queues.get(&act.queue).await?);
        shelf.redrive(&which, &board.0.stopping).await
    };
    match done.await {
        Ok(report) if report.failed.is_empty() => ended(&board, &act.queue, "redriven").await,
        Ok(report) => {
            let reasons: Vec<&str> = report.failed.iter().take(5).map(|(_, reason)| reason.as_str()).collect();
            let text = format!("{} redriven, {} not: {}.", report.redriven, report.failed.len(), reasons.join("; "));
            problem(StatusCode::CONFLICT, &text)
        }
        Err(error) => problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

pub(super) async fn purge(State(board): State<Board>, Ours(act): Ours<Act>) -> Response {
    if act.sure.is_none() {
        return not_sure();
    }
    let done = async { Shelf::of(board.queues.get(&act.queue).await?).purge().await };
    match done.await {
        Ok(letters) => {
            tracing::warn!(queue = act.queue, letters, "dead letters were purged from the board");
            ended(&board, &act.queue, "purged").await
        }
        Err(error) => problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
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
    fn a_glance_is_one_short_line() {
        assert_eq!(glance("{\n  \"a\": 1\n}"), "{ \"a\": 1 }");
        assert_eq!(glance(&"ä".repeat(500)).chars().count(), GLANCE + 1);
    }
}
