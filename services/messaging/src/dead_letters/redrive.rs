//! `dlq redrive`: back to the queue that they came from, first sent and then deleted.

use std::{collections::HashSet, ops::Range};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{
    cli::{DeadLettersError, Desk, Ended, Scope},
    letter::{DeadLetter, one_line},
    look::{Look, Until, through},
};
use crate::{
    Queue,
    queue::{Attributes, BATCH, QueueError},
};

/// SQS takes 256 KiB for all entries together in every region; some of it is left for what surrounds them.
const BATCH_BYTES: usize = 240 * 1024;
/// When so many are refused and none is taken, it is not the messages.
const BRAKE: usize = 10;

/// What `dlq redrive` is told.
#[derive(Debug, Args)]
pub(super) struct Redrive {
    /// Ids in the dead-letter queue, or the ids that the consumer's log has for them.
    #[arg(value_name = "MESSAGE_ID", required_unless_present = "all")]
    message_ids: Vec<String>,
    /// All that are there now. What fails again meanwhile is left.
    #[arg(long, conflicts_with = "message_ids")]
    all: bool,
    #[command(flatten)]
    pub(super) scope: Scope,
}

/// What became of the dead letters of one queue.
#[derive(Debug, Default)]
pub struct Report {
    /// How many went back.
    pub redriven: usize,
    /// Failed again before the end, and were left.
    pub came_back: usize,
    /// Ids, with the reasons.
    pub failed: Vec<(String, String)>,
    /// Whether there may be more that nobody has looked at.
    pub is_cut_short: bool,
    /// Why it ended before all were looked at, if SQS did not answer or refused.
    pub ended_by: Option<QueueError>,
}

impl Report {
    /// Whether all that was wanted went back.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && !self.is_cut_short && self.ended_by.is_none()
    }
}

impl Redrive {
    pub(super) async fn run(&self, desk: &mut Desk<'_>) -> Result<Ended, DeadLettersError> {
        let mut wanted = if self.all { Wanted::all() } else { Wanted::these(&self.message_ids) };
        let mut ended = Ended::Well;
        for queue in &desk.queues().await? {
            if wanted.is_found() {
                break;
            }
            let mut notes = Vec::new();
            let report = redrive_from(queue, &mut wanted, &mut notes, desk.stop).await;
            desk.console.note_all(&notes);
            say(queue, &report, desk)?;
            if !report.is_complete() {
                ended = Ended::Incomplete;
            }
            if let Some(error) = report.ended_by {
                return Err(error.into());
            }
        }
        for id in wanted.missing() {
            desk.console.note(format_args!("no dead letter {}: redriven already, or never there", one_line(id)));
            ended = Ended::Incomplete;
        }
        Ok(ended)
    }
}

fn say(queue: &Queue, report: &Report, desk: &mut Desk<'_>) -> Result<(), DeadLettersError> {
    for (id, reason) in &report.failed {
        desk.console.note(format_args!("{}: {id}: {}", queue.name(), one_line(reason)));
    }
    let Report { redriven, came_back, failed, .. } = report;
    let left = if *came_back == 0 { String::new() } else { format!(", {came_back} failed again and were left") };
    desk.console.say(format_args!("{}: {redriven} redriven, {} failed{left}", queue.name(), failed.len()))?;
    Ok(())
}

/// Redrives what is wanted of one queue.
pub(super) async fn redrive_from(
    queue: &Queue,
    wanted: &mut Wanted<'_>,
    notes: &mut Vec<String>,
    stop: &CancellationToken,
) -> Report {
    let until = if matches!(wanted, Wanted::All { .. }) { Until::Empty } else { Until::SeenOnce };
    let mut report = Report::default();
    let done = through(queue, until, notes, stop, async |look| redrive(queue, look, wanted, &mut report).await).await;
    report.ended_by = done.err();
    report
}

async fn redrive(
    queue: &Queue,
    look: &mut Look<'_>,
    wanted: &mut Wanted<'_>,
    report: &mut Report,
) -> Result<(), QueueError> {
    while !wanted.is_found() {
        let Some(letters) = look.next(BATCH).await? else { break };
        let mut chosen = Vec::with_capacity(letters.len());
        for letter in letters {
            match wanted.choose(&letter) {
                Choice::Redrive => chosen.push(letter),
                Choice::CameBack => report.came_back += 1,
                Choice::Leave => {}
            }
        }
        for run in runs(&chosen) {
            redrive_run(queue, look, &chosen[run], report).await?;
        }
        if report.redriven == 0 && report.failed.len() >= BRAKE {
            break;
        }
    }
    report.is_cut_short = look.is_cut_short();
    Ok(())
}

/// Sends a run of [`runs`] back, and then deletes what was sent.
async fn redrive_run(
    queue: &Queue,
    look: &mut Look<'_>,
    run: &[DeadLetter],
    report: &mut Report,
) -> Result<(), QueueError> {
    let id = |letter: &DeadLetter| letter.summary.message_id.clone();
    let is_ours = |letter: &&DeadLetter| letter.source.as_deref().is_none_or(|source| source == queue.name());
    let (ours, others): (Vec<&DeadLetter>, Vec<&DeadLetter>) = run.iter().partition(is_ours);
    report.failed.extend(others.into_iter().map(|letter| {
        let source = letter.source.as_deref().unwrap_or_default();
        (id(letter), format!("it came from {source}: redrive it with --queue {source}"))
    }));
    let mut sent = Vec::with_capacity(ours.len());
    for (letter, result) in ours.iter().zip(send(queue, &ours).await?) {
        match result {
            Ok(()) => sent.push(letter.summary.message_id.as_str()),
            Err(reason) => report.failed.push((id(letter), reason)),
        }
    }
    let left = look.take_out(&sent).await;
    report.redriven += sent.len() - left.len();
    let why = "sent back, but not deleted here: a repetition sends it twice, which changes nothing";
    report.failed.extend(left.into_iter().map(|id| (id, why.to_owned())));
    Ok(())
}

/// One answer for each. What SQS refuses as a whole is sent one by one, so that one message does not hold up the others.
async fn send(queue: &Queue, letters: &[&DeadLetter]) -> Result<Vec<Result<(), String>>, QueueError> {
    let messages: Vec<(&str, Attributes)> =
        letters.iter().map(|letter| (letter.message.raw_body.as_str(), letter.attributes_to_go_back())).collect();
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    match queue.calls().send_batch(&messages).await {
        Err(error) if error.is_refusal() => {}
        sent_or_unanswered => return sent_or_unanswered,
    }
    let mut results = Vec::with_capacity(messages.len());
    for message in messages.chunks(1) {
        match queue.calls().send_batch(message).await {
            Err(error) if error.is_refusal() => results.push(Err(error.to_string())),
            sent_or_unanswered => results.extend(sent_or_unanswered?),
        }
    }
    Ok(results)
}

/// Splits up to ten dead letters into runs that one call takes by their size.
fn runs(letters: &[DeadLetter]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (position, letter) in letters.iter().enumerate() {
        let size = letter.size_with_attributes();
        if position > start && bytes + size > BATCH_BYTES {
            runs.push(start..position);
            (start, bytes) = (position, 0);
        }
        bytes += size;
    }
    if start < letters.len() {
        runs.push(start..letters.len());
    }
    runs
}

enum Choice {
    Redrive,
    CameBack,
    Leave,
}

/// Which dead letters to redrive.
pub(super) enum Wanted<'a> {
    /// All. By the ids that consumers know: poison that comes back has another id in the dead-letter queue each time,
    /// and would go round for ever.
    All { redriven: HashSet<String> },
    /// Those called so, and not found yet.
    These(HashSet<&'a str>),
}

impl<'a> Wanted<'a> {
    pub(super) fn all() -> Self {
        Self::All { redriven: HashSet::new() }
    }

    pub(super) fn these(ids: &'a [String]) -> Self {
        Self::These(ids.iter().map(String::as_str).collect())
    }

    fn choose(&mut self, letter: &DeadLetter) -> Choice {
        match self {
            Self::All { redriven } => {
                let is_first = redriven.insert(letter.summary.source_message_id.clone());
                if is_first { Choice::Redrive } else { Choice::CameBack }
            }
            Self::These(ids) => {
                let before = ids.len();
                ids.retain(|id| !letter.is_called(id));
                if ids.len() < before { Choice::Redrive } else { Choice::Leave }
            }
        }
    }

    fn is_found(&self) -> bool {
        matches!(self, Self::These(ids) if ids.is_empty())
    }

    pub(super) fn missing(&self) -> Vec<&'a str> {
        match self {
            Self::All { .. } => Vec::new(),
            Self::These(ids) => ids.iter().copied().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::Message as SqsMessage;
    use chrono::Utc;

    use super::*;

    fn letter(id: &str, bytes: usize) -> DeadLetter {
        DeadLetter::read("q", SqsMessage::builder().message_id(id).body("x".repeat(bytes)).build(), Utc::now())
    }

    #[test]
    fn a_run_is_no_larger_than_one_call_takes() {
        let letters = [1, 100 * 1024, 100 * 1024, 100 * 1024, 256 * 1024, 1].map(|bytes| letter("a", bytes));
        assert_eq!(runs(&letters), [0..3, 3..4, 4..5, 5..6]);
        assert!(runs(&[]).is_empty());
    }

    #[test]
    fn each_is_chosen_once() {
        let mut all = Wanted::all();
        assert!(matches!(all.choose(&letter("a", 1)), Choice::Redrive));
        assert!(matches!(all.choose(&letter("a", 1)), Choice::CameBack));
        assert!(!all.is_found() && all.missing().is_empty());
        let mut these = Wanted::These(HashSet::from(["a", "b"]));
        assert!(matches!(these.choose(&letter("c", 1)), Choice::Leave));
        assert!(matches!(these.choose(&letter("a", 1)), Choice::Redrive));
        assert_eq!((these.is_found(), these.missing()), (false, vec!["b"]));
    }
}
