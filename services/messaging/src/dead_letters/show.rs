//! `dlq show`: one dead letter, with everything.

use std::{collections::BTreeMap, io};

use clap::Args;
use serde::Serialize;

use super::{
    cli::{DeadLettersError, Desk, Ended, Scope},
    console::Console,
    letter::{DeadLetter, Summary, harmless, one_line, time},
    look::{Until, through},
};
use crate::{Queue, queue::BATCH};

/// What `dlq show` is told.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Its id in the dead-letter queue, or the id that the consumer's log has for it.
    message_id: String,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(super) scope: Scope,
}

#[derive(Serialize)]
struct Full<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    attributes: BTreeMap<&'a str, String>,
    body: &'a str,
}

impl Show {
    pub(super) async fn run(&self, desk: &mut Desk<'_>) -> Result<Ended, DeadLettersError> {
        let queues = desk.queues().await?;
        for queue in &queues {
            if let Some(letter) = self.find(queue, desk).await? {
                self.print(&letter, &mut desk.console)?;
                return Ok(Ended::Well);
            }
        }
        let names: Vec<&str> = queues.iter().map(Queue::name).collect();
        desk.console.note(format_args!("no dead letter {} of {}", one_line(&self.message_id), names.join(" and ")));
        Ok(Ended::Incomplete)
    }

    async fn find(&self, queue: &Queue, desk: &mut Desk<'_>) -> Result<Option<DeadLetter>, DeadLettersError> {
        let mut notes = Vec::new();
        let found = through(queue, Until::SeenOnce, &mut notes, desk.stop, async |look| {
            while let Some(letters) = look.next(BATCH).await? {
                let found = letters.into_iter().find(|letter| letter.is_called(&self.message_id));
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok(None)
        });
        let found = found.await;
        desk.console.note_all(&notes);
        Ok(found?)
    }

    fn print(&self, letter: &DeadLetter, console: &mut Console<'_>) -> Result<(), DeadLettersError> {
        if self.json {
            let full =
                Full { summary: &letter.summary, attributes: attributes(letter), body: &letter.message.raw_body };
            console.say(serde_json::to_string(&full)?)?;
            return Ok(());
        }
        Ok(text(letter, console)?)
    }
}

fn text(letter: &DeadLetter, console: &mut Console<'_>) -> io::Result<()> {
    let summary = &letter.summary;
    let lines = [
        ("message id", summary.message_id.clone()),
        ("queue", summary.queue.clone()),
        ("reason", summary.reason.clone()),
        ("event type", summary.event_type.clone().unwrap_or_else(|| "-".to_owned())),
        ("sent", time(summary.sent_at)),
        ("failed", time(summary.failed_at)),
        ("received", format!("{} times, looks included", summary.receive_count)),
        ("size", format!("{} bytes", summary.size)),
        ("was message", summary.source_message_id.clone()),
    ];
    for (name, value) in lines {
        console.say(format_args!("{name:<12}{}", one_line(&value)))?;
    }
    let attributes = attributes(letter);
    console.say(if attributes.is_empty() { "attributes  none" } else { "attributes" })?;
    let width = attributes.keys().map(|name| name.len()).max().unwrap_or(0);
    for (name, value) in attributes {
        console.say(format_args!("  {name:width$}  {}", one_line(&value)))?;
    }
    console.say("body")?;
    console.say(harmless(&letter.message.raw_body))
}

/// All of them by name; of those that are no text, the size.
fn attributes(letter: &DeadLetter) -> BTreeMap<&str, String> {
    let attributes = letter.attributes.iter().map(|(name, value)| {
        let bytes = || value.binary_value().map_or(0, |value| value.as_ref().len());
        let text = value.string_value().map_or_else(|| format!("({} bytes)", bytes()), str::to_owned);
        (name.as_str(), text)
    });
    attributes.collect()
}
