//! A page: a frame that stays, with parts that change. One URL gives it as HTML, and, to whoever accepts a stream of events,
//! its parts as they change.

use std::{convert::Infallible, future::Future, time::Duration};

use askama::Template;
use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{StatusCode, header, request::Parts},
    response::{Html, IntoResponse as _, Response},
};

use super::{Board, BoardError, actions, csrf::Token, live, part::Part, settings::Actions};
use crate::facts::Touch;

/// A page of the board.
pub(super) trait Page: Send + Sync + 'static {
    /// What it is called.
    fn title(&self) -> String;

    /// Which entry of the menu it belongs to.
    fn entry(&self) -> Entry {
        Entry::None
    }

    /// What stands above its parts and stays: what it is about, and forms.
    fn frame(&self, forms: &Forms) -> Result<String, BoardError>;

    /// Its parts as they are now. They have the same names each time.
    fn parts(&self, board: &Board) -> impl Future<Output = Vec<Part>> + Send;

    /// Whether a line of the log may change what it shows.
    fn concerns(&self, line: &Touch) -> bool;

    /// Between two looks at what no line of the log tells of: depths of queues, health, names, ages.
    fn refresh(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// Between two looks at what is mostly not of the log.
pub(super) const OFTEN: Duration = Duration::from_millis(500);

/// An entry of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Overview,
    Messages,
    Events,
    None,
}

/// What forms need.
#[derive(Debug, Clone)]
pub(super) struct Forms {
    /// Whether there are any that write.
    pub(super) actions: Actions,
    /// What shows that a form is ours.
    pub(super) token: Token,
}

/// How a page is asked for.
pub(super) struct Asked {
    is_stream: bool,
    token: Token,
    url: String,
    notice: Option<&'static str>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
        let url = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        // A word of ours, and not a text: else any link could make the board say anything.
        let notice = query.into_iter().find(|(name, _)| name == "done").and_then(|(_, word)| actions::done(&word));
        Ok(Self { is_stream: accept.contains("text/event-stream"), token: Token::of(&parts.headers), url, notice })
    }
}

#[derive(Template)]
#[template(path = "board/layout.html")]
struct Layout<'a> {
    title: &'a str,
    entry: Entry,
    url: &'a str,
    notice: Option<&'a str>,
    frame: &'a str,
    parts: &'a [Part],
    is_live: bool,
}

#[derive(Template)]
#[template(path = "board/problem.html")]
struct ProblemFrame<'a> {
    text: &'a str,
    /// Where one comes from, as a path of ours.
    back: Option<&'a str>,
}

impl Board {
    /// Answers with the page, or with its stream.
    pub(super) async fn answer<P: Page>(self, page: P, asked: Asked) -> Response {
        if asked.is_stream {
            return live::stream(self, page);
        }
        let Ok(_place) = self.0.pages.try_acquire() else {
            return shed("board-pages", "Too many pages are being made. Try again in a moment.");
        };
        let forms = Forms { actions: self.actions, token: asked.token.clone() };
        let parts = page.parts(&self).await;
        let made = page.frame(&forms).and_then(|frame| {
            let title = page.title();
            let layout = Layout {
                title: &title,
                entry: page.entry(),
                url: &asked.url,
                notice: asked.notice,
                frame: &frame,
                parts: &parts,
                is_live: true,
            };
            Ok(layout.render()?)
        });
        match made {
            Ok(html) => (asked.token.cookie(), Html(html)).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page of the board cannot be made");
                problem(StatusCode::INTERNAL_SERVER_ERROR, "This page cannot be made.")
            }
        }
    }
}

/// Shows that nothing was refused yet: whoever watches a counter sees a first one only if there was a number before it.
pub(super) fn count_from_zero() {
    for reason in ["board-pages", "board-streams", "board-actions"] {
        metrics::counter!("dispatch_requests_shed_total", "reason" => reason).increment(0);
    }
}

/// A page that says that there is no room now; it is counted for this reason.
pub(super) fn shed(reason: &'static str, text: &str) -> Response {
    metrics::counter!("dispatch_requests_shed_total", "reason" => reason).increment(1);
    problem(StatusCode::SERVICE_UNAVAILABLE, text)
}

/// A page that says what is wrong.
pub(super) fn problem(status: StatusCode, text: &str) -> Response {
    problem_page(status, &ProblemFrame { text, back: None })
}

/// The same, with a way back to the page that a form was on.
pub(super) fn problem_with_way_back(status: StatusCode, text: &str, back: &str) -> Response {
    problem_page(status, &ProblemFrame { text, back: Some(back) })
}

fn problem_page(status: StatusCode, frame: &ProblemFrame<'_>) -> Response {
    let frame = frame.render().unwrap_or_default();
    let title = status.canonical_reason().unwrap_or("Problem");
    let layout = Layout { title, entry: Entry::None, url: "", notice: None, frame: &frame, parts: &[], is_live: false };
    (status, Html(layout.render().unwrap_or_default())).into_response()
}
