//! A look through a dead-letter queue: every message once, and all of them handed back at the end.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use chrono::Utc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::letter::DeadLetter;
use crate::{
    Queue,
    queue::{BATCH, QueueError},
};

/// For how long what is looked at is hidden from others, at the most.
pub(super) const VISIBILITY: Duration = Duration::from_secs(90);
/// How long a look goes on that leaves everything where it is: what was seen first must not come again meanwhile.
const LONGEST: Duration = Duration::from_secs(60);
/// Not none: a short poll asks only some of SQS's servers, and so misses messages.
const WAIT: Duration = Duration::from_secs(1);

/// A look that goes on.
pub(super) struct Look<'a> {
    queue: &'a Queue,
    until: Option<Instant>,
    stop: &'a CancellationToken,
    seen: HashSet<String>,
    /// What must be handed back: receipts, by id. The last receipt of a message is the one that counts.
    held: HashMap<String, String>,
    cut_short: Option<&'static str>,
}

/// How long to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// For as long as what was seen stays hidden.
    SeenOnce,
    /// Until there is nothing more; for looks that take out what they see.
    Empty,
}

/// Looks through the dead letters of a queue, and hands back whatever `work` did not take out. What somebody should know besides
/// goes into the notes.
///
/// # Errors
/// Those of `work`; everything is handed back after those, too.
pub(super) async fn through<T>(
    queue: &Queue,
    until: Until,
    notes: &mut Vec<String>,
    stop: &CancellationToken,
    work: impl AsyncFnOnce(&mut Look<'_>) -> Result<T, QueueError>,
) -> Result<T, QueueError> {
    let until = (until == Until::SeenOnce).then(|| Instant::now() + LONGEST);
    let mut look = Look { queue, until, stop, seen: HashSet::new(), held: HashMap::new(), cut_short: None };
    let done = work(&mut look).await;
    if let Some(why) = look.cut_short {
        notes.push(format!("{}: {why}; there may be more dead letters", queue.name()));
    }
    let hidden = look.hand_back().await;
    if hidden > 0 {
        let seconds = VISIBILITY.as_secs();
        notes.push(format!("{}: {hidden} dead letters stay hidden for up to {seconds} s", queue.name()));
    }
    done
}

impl Look<'_> {
    /// Those that come next and were not seen before, of up to `most`; nothing at the end.
    pub(super) async fn next(&mut self, most: usize) -> Result<Option<Vec<DeadLetter>>, QueueError> {
        if self.stop.is_cancelled() {
            self.cut_short = Some("interrupted");
        } else if self.until.is_some_and(|until| Instant::now() > until) {
            self.cut_short = Some("too many to look through all of them");
        }
        if self.cut_short.is_some() {
            return Ok(None);
        }
        // Not broken off by `stop`: what it brings would be hidden with nobody to hand it back.
        let received = self.queue.dead_letters().receive(most.min(BATCH), WAIT, VISIBILITY).await?;
        if received.is_empty() {
            return Ok(None);
        }
        let now = Utc::now();
        let mut letters = Vec::with_capacity(received.len());
        for letter in received.into_iter().map(|message| DeadLetter::read(self.queue.name(), message, now)) {
            let id = &letter.summary.message_id;
            self.held.insert(id.clone(), letter.message.receipt.clone());
            if self.seen.insert(id.clone()) {
                letters.push(letter);
            }
        }
        Ok(Some(letters))
    }

    /// Up to `most` of them, read like this.
    pub(super) async fn up_to<T>(&mut self, most: usize, read: fn(DeadLetter) -> T) -> Result<Vec<T>, QueueError> {
        let mut found = Vec::new();
        while found.len() < most {
            let Some(letters) = self.next(most - found.len()).await? else { break };
            found.extend(letters.into_iter().map(read));
        }
        Ok(found)
    }

    /// Whether the look ended before everything was seen.
    pub(super) fn is_cut_short(&self) -> bool {
        self.cut_short.is_some()
    }

    /// Deletes up to ten dead letters; answers the ids of those for which it failed.
    pub(super) async fn take_out(&mut self, ids: &[&str]) -> Vec<String> {
        let receipts: Vec<String> = ids.iter().filter_map(|id| self.held.get(*id).cloned()).collect();
        let left = self.queue.dead_letters().delete(&receipts).await;
        let (left, gone): (Vec<&str>, Vec<&str>) =
            ids.iter().partition(|id| self.held.get(**id).is_some_and(|receipt| left.contains(receipt)));
        for id in gone {
            self.held.remove(id);
        }
        left.into_iter().map(str::to_owned).collect()
    }

    /// Makes everything visible again; answers how many it did not work for.
    async fn hand_back(&self) -> usize {
        let changes: Vec<_> = self.held.values().map(|receipt| (receipt.clone(), Duration::ZERO)).collect();
        let mut hidden = 0;
        for chunk in changes.chunks(BATCH) {
            hidden += match self.queue.dead_letters().change_visibility(chunk).await {
                Ok(refused) => refused.len(),
                Err(error) => {
                    tracing::warn!(queue = self.queue.name(), %error, "handing back failed");
                    chunk.len()
                }
            };
        }
        hidden
    }
}
