//! A page's parts as they change, as a stream of server-sent events.
//!
//! A part is sent when it differs from what was sent last. Nothing is made before the browser has taken what was made before, so a
//! slow one holds one update at most and slows nobody down. Beats tell the browser that no news is no news, or that a server is
//! waited for, and not a connection that nobody has noticed the loss of.

use std::{collections::HashMap, collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    http::header,
    response::{
        IntoResponse as _, Response,
        sse::{Event, Sse},
    },
};
use futures::{Stream, stream};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::Instant,
};

use super::{
    Board,
    page::{Page, shed},
    tail::Pulse,
};

/// Between two updates, however much happens.
const GAP: Duration = Duration::from_millis(300);
/// The longest that is rested after a page that took long to make.
const LONGEST_GAP: Duration = Duration::from_secs(5);
/// Between two beats.
const BEAT: Duration = Duration::from_secs(2);
/// Parts that cannot be made are named in this one.
const TROUBLE: &str = "trouble";

struct Live<P> {
    board: Board,
    page: P,
    pulses: watch::Receiver<Pulse>,
    seen: i64,
    /// What the browser has of each part.
    sent: HashMap<&'static str, String>,
    trouble: String,
    ready: VecDeque<Event>,
    next: Instant,
    is_first: bool,
    _place: OwnedSemaphorePermit,
}

pub(super) fn stream<P: Page>(board: Board, page: P) -> Response {
    let Ok(place) = board.0.streams.clone().try_acquire_owned() else {
        return shed("board-streams", "Too many browsers are kept up to date.");
    };
    let live = Live {
        pulses: board.0.tail.watch(),
        board,
        page,
        seen: 0,
        sent: HashMap::new(),
        trouble: String::new(),
        ready: VecDeque::new(),
        next: Instant::now(),
        is_first: true,
        _place: place,
    };
    // Reverse proxies that would collect a response before they pass it on are asked not to.
    ([(header::HeaderName::from_static("x-accel-buffering"), "no")], Sse::new(events(live))).into_response()
}

fn events<P: Page>(live: Live<P>) -> impl Stream<Item = Result<Event, Infallible>> {
    let stopping = live.board.0.stopping.clone();
    let beats = stream::unfold(stopping, |stopping| async move {
        stopping.run_until_cancelled(tokio::time::sleep(BEAT)).await?;
        Some((Ok(Event::default().event("beat").data("-")), stopping))
    });
    stream::select(updates(live), beats)
}

fn updates<P: Page>(live: Live<P>) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(live, |mut live| async move {
        while live.ready.is_empty() {
            let stopping = live.board.0.stopping.clone();
            stopping.run_until_cancelled(live.update()).await?;
        }
        let event = live.ready.pop_front()?;
        Some((Ok(event), live))
    })
}

impl<P: Page> Live<P> {
    /// Waits until there may be something to say, and says it.
    async fn update(&mut self) {
        if !self.is_first {
            self.news().await;
        }
        let started = Instant::now();
        self.seen = self.pulses.borrow_and_update().settled;
        let parts = self.page.parts(&self.board).await;
        let mut troubles = Vec::new();
        for part in parts {
            match part.html {
                Ok(html) if self.sent.get(part.name) != Some(&html) => {
                    self.ready.push_back(Event::default().event(part.name).data(&html));
                    self.sent.insert(part.name, html);
                }
                Ok(_) => {}
                // What the browser shows of it stays; it is told that it is old.
                Err(reason) => troubles.push(format!("{}: {reason}", part.name)),
            }
        }
        let trouble = troubles.join("; ");
        if self.trouble != trouble || self.is_first {
            // An event without data would not be dispatched, and a comment leaves the element empty.
            let text = if trouble.is_empty() { "<!---->".to_owned() } else { html_escaped(&trouble) };
            self.ready.push_back(Event::default().event(TROUBLE).data(text));
            self.trouble = trouble;
        }
        self.is_first = false;
        // A page that takes long to make is made less often.
        self.next = Instant::now() + (started.elapsed() * 2).clamp(GAP, LONGEST_GAP);
    }

    /// Waits for a line of the log that is of concern, or for the time to look anyway.
    async fn news(&mut self) {
        let refresh = tokio::time::sleep(self.page.refresh());
        tokio::pin!(refresh);
        tokio::time::sleep_until(self.next).await;
        loop {
            let pulse = self.pulses.borrow_and_update().clone();
            if pulse.is_news(self.seen, |line| self.page.concerns(line)) {
                return;
            }
            self.seen = self.seen.max(pulse.settled);
            tokio::select! {
                () = &mut refresh => return,
                changed = self.pulses.changed() => if changed.is_err() { return refresh.await },
            }
        }
    }
}

fn html_escaped(text: &str) -> String {
    askama::filters::escape(text, askama::filters::Html).map_or_else(|never| match never {}, |safe| safe.to_string())
}
