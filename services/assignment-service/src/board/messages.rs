//! `/board/messages?queue=`: what passed through a queue lately, raw, and what lies in its dead-letter queue.

use std::time::Duration;

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use messaging::{Outcome, dead_letters::Letter};
use serde::Deserialize;

use super::{
    Board, BoardError, dead_letters,
    html::When,
    page::{Asked, Entry, Forms, OFTEN, Page, problem},
    part::{self, Part},
    settings::Actions,
    taps::{self, Passed},
};
use crate::facts::Touch;

/// Messages on the page.
const MESSAGES: u32 = 50;
/// Of a body, shown at once; all of it is behind a fold.
const GLANCE: usize = 160;

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

    // A message passes after the line of the log that it is about.
    fn refresh(&self) -> Duration {
        OFTEN
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
        let (number, letters) = dead_letters::look(board, &self.queue).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_is_one_short_line() {
        assert_eq!(glance("{\n  \"a\": 1\n}"), "{ \"a\": 1 }");
        assert_eq!(glance(&"ä".repeat(500)).chars().count(), GLANCE + 1);
    }
}
