//! A part of a page: HTML that is sent anew when it has changed. One that cannot be made says so and hurts no other.

use std::{future::Future, time::Duration};

use askama::Template;

use super::BoardError;

/// Longest that one part may take, and anything that is read for it.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// A part of a page.
#[derive(Debug)]
pub(super) struct Part {
    /// Its name on the page.
    pub(super) name: &'static str,
    /// What it shows, or why it cannot.
    pub(super) html: Result<String, String>,
}

impl Part {
    /// Makes a part, in time.
    pub(super) async fn make(name: &'static str, html: impl Future<Output = Result<String, BoardError>>) -> Self {
        let html = tokio::time::timeout(PATIENCE, html).await.unwrap_or(Err(BoardError::Late(PATIENCE)));
        Self { name, html: html.map_err(|error| error.to_string()) }
    }
}

/// A template as HTML. A stream of events knows lines alone, so what an event says with `\r` has the same lines in it as in a page.
pub(super) fn html(template: &impl Template) -> Result<String, BoardError> {
    Ok(template.render()?.replace("\r\n", "\n").replace('\r', "\n"))
}
