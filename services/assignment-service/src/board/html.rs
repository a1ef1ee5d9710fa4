//! Values as HTML. What is marked as safe here is made of nothing that an event says, except what is escaped here.

use std::fmt;

use askama::filters::HtmlSafe;
use chrono::{DateTime, SecondsFormat, Utc};
use uuid::Uuid;

/// A point in time: shown in UTC, and by the browser in the viewer's zone; exact when one points at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct When(pub(super) DateTime<Utc>);

/// How long ago something was; the browser goes on counting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since(pub(super) DateTime<Utc>);

/// The beginning of an id, which is enough to tell it from those near it; all of it when one points at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Short(pub(super) Uuid);

fn exact(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.format("%Y-%m-%d %H:%M:%S");
        write!(f, "<time datetime=\"{0}\" title=\"{0}\" data-when>{shown} UTC</time>", exact(self.0))
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.format("%Y-%m-%d %H:%M:%S");
        write!(f, "<time datetime=\"{0}\" title=\"{0}\" data-since>since {shown} UTC</time>", exact(self.0))
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.to_string();
        write!(f, "<code title=\"{all}\">{}</code>", &all[..8])
    }
}

impl HtmlSafe for When {}
impl HtmlSafe for Since {}
impl HtmlSafe for Short {}

/// A length of time as people say it.
pub(super) fn duration(milliseconds: f64) -> String {
    match milliseconds {
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms if ms < 60_000.0 => format!("{:.1} s", ms / 1_000.0),
        ms => format!("{:.0} min", ms / 60_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_exact_and_readable() {
        let time = "2026-01-02T03:04:05.678901Z".parse().expect("a time");
        assert_eq!(
            When(time).to_string(),
            "<time datetime=\"2026-01-02T03:04:05.678901Z\" title=\"2026-01-02T03:04:05.678901Z\" data-when>2026-01-02 03:04:05 UTC</time>"
        );
    }

    #[test]
    fn a_length_of_time_has_the_unit_that_fits() {
        assert_eq!([12.4, 1_500.0, 600_000.0].map(duration), ["12 ms", "1.5 s", "10 min"]);
    }
}
