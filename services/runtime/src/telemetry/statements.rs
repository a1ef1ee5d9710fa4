//! How long SQL statements take, by the names of their files, which they begin with: `-- insert_orders: ...`. sqlx tells of each
//! statement when it has ended; nothing is asked of those who run them.

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{Filtered, Targets},
    layer::Context,
    registry::LookupSpan,
};

/// Hears of statements.
pub(super) struct Statements;

/// What sqlx tells of one.
#[derive(Default)]
struct Told {
    seconds: Option<f64>,
    name: Option<String>,
}

impl Statements {
    /// Whatever is logged, they are told of.
    pub(super) fn filtered<S: Subscriber + for<'a> LookupSpan<'a>>(self) -> Filtered<Self, Targets, S> {
        self.with_filter(Targets::new().with_target("sqlx::query", Level::DEBUG))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut told = Told::default();
        event.record(&mut told);
        if let Told { seconds: Some(seconds), name: Some(name) } = told {
            metrics::histogram!("dispatch_sql_seconds", "statement" => name).record(seconds);
        }
    }
}

impl Visit for Told {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.seconds = Some(value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            self.name = name(value).map(str::to_owned);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// The name of a statement that has one. Those without, such as BEGIN, are not measured.
fn name(summary: &str) -> Option<&str> {
    summary.strip_prefix("-- ")?.split_once(": ").map(|(name, _)| name).filter(|name| !name.contains(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_named_in_its_first_words() {
        assert_eq!(name("-- insert_orders: Records new \u{2026}"), Some("insert_orders"));
        assert_eq!(name("SELECT 1"), None);
        assert_eq!(name("-- a comment: and \u{2026}"), None);
    }
}
