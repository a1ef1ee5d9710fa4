//! `dlq list`: what lies there.

use std::fmt::Write as _;

use clap::Args;

use super::{
    cli::{DeadLettersError, Desk, Ended, Scope},
    letter::{Summary, one_line, time},
    look::{Until, through},
};
use crate::Queue;

/// Longest reason in the table; `show` has all of it.
const REASON: usize = 100;
const HEADINGS: [&str; 8] = ["MESSAGE ID", "QUEUE", "TYPE", "SENT", "FAILED", "RECEIVED", "BYTES", "REASON"];

/// What `dlq list` is told.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Show at most this many of each queue.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// One JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(super) scope: Scope,
}

impl List {
    pub(super) async fn run(&self, desk: &mut Desk<'_>) -> Result<Ended, DeadLettersError> {
        let mut all = Vec::new();
        let mut is_complete = true;
        for queue in &desk.queues().await? {
            let (found, is_cut_short) = self.look(queue, desk).await?;
            is_complete &= !is_cut_short;
            if found.len() >= self.limit as usize {
                desk.console.note(format_args!("{}: there may be more than --limit {}", queue.name(), self.limit));
            }
            all.extend(found);
        }
        if self.json {
            for summary in &all {
                desk.console.say(serde_json::to_string(summary)?)?;
            }
        } else if all.is_empty() {
            desk.console.note("no dead letters");
        } else {
            for line in table(&all) {
                desk.console.say(line)?;
            }
        }
        Ok(if is_complete { Ended::Well } else { Ended::Incomplete })
    }

    async fn look(&self, queue: &Queue, desk: &mut Desk<'_>) -> Result<(Vec<Summary>, bool), DeadLettersError> {
        let limit = self.limit as usize;
        let mut notes = Vec::new();
        let found = through(queue, Until::SeenOnce, &mut notes, desk.stop, async |look| {
            let found = look.up_to(limit, |letter| letter.summary).await?;
            Ok((found, look.is_cut_short()))
        });
        let found = found.await;
        desk.console.note_all(&notes);
        Ok(found?)
    }
}

/// Each line; a column is as wide as its widest cell.
fn table(summaries: &[Summary]) -> Vec<String> {
    let rows = summaries.iter().map(|summary| {
        [
            summary.message_id.clone(),
            summary.queue.clone(),
            one_line(summary.event_type.as_deref().unwrap_or("-")),
            time(summary.sent_at),
            time(summary.failed_at),
            summary.receive_count.to_string(),
            summary.size.to_string(),
            shortened(&one_line(&summary.reason)),
        ]
    });
    let rows: Vec<[String; 8]> = [HEADINGS.map(str::to_owned)].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let line = |row: &[String; 8]| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(REASON) {
        Some((end, _)) => format!("{}...", &reason[..end]),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(id: &str, reason: &str) -> Summary {
        Summary {
            message_id: id.to_owned(),
            queue: "events-queue".to_owned(),
            reason: reason.to_owned(),
            event_type: None,
            sent_at: "2026-01-01T12:00:00.5Z".parse().ok(),
            failed_at: None,
            receive_count: 3,
            size: 7,
            source_message_id: "s".to_owned(),
        }
    }

    #[test]
    fn a_table_has_a_line_for_each_and_its_columns_stand_below_each_other() {
        let lines = table(&[summary("a", "not\nJSON"), summary("longer-than-that", &"x".repeat(REASON + 1))]);
        assert_eq!(
            lines[0],
            "MESSAGE ID        QUEUE         TYPE  SENT                  FAILED  RECEIVED  BYTES  REASON"
        );
        assert_eq!(
            lines[1],
            "a                 events-queue  -     2026-01-01T12:00:00Z  -       3         7      not JSON"
        );
        assert!(lines[2].starts_with("longer-than-that  events") && lines[2].ends_with("xxx..."), "{}", lines[2]);
    }
}
