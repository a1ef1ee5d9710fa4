//! The dead letters of a queue, for a program instead of a person at a terminal. What a look is, and what may be repeated, is as
//! for the commands.
//!
//! Whoever asked may go away before the answer is there, as a browser does: the look ends at its next step, and what it held is
//! handed back all the same.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::{
    letter::DeadLetter,
    look::{Look, Until, through},
    redrive::{Report, Wanted, redrive_from},
};
use crate::{Queue, queue::QueueError};

/// The dead letters of a queue.
#[derive(Debug, Clone)]
pub struct Shelf(Queue);

/// A dead letter with everything.
#[derive(Debug, Clone)]
pub struct Letter {
    /// SQS's id of it in the dead-letter queue.
    pub message_id: String,
    /// Why it is one.
    pub reason: String,
    /// What it says it is.
    pub event_type: Option<String>,
    /// When it was first sent, where that is known.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it became a dead letter, where that is known: not if SQS moved it by itself.
    pub failed_at: Option<DateTime<Utc>>,
    /// How often it was received. Looks count, too.
    pub receive_count: u32,
    /// As it was received.
    pub body: String,
    /// Its attributes, as text.
    pub attributes: BTreeMap<String, String>,
}

impl From<DeadLetter> for Letter {
    fn from(letter: DeadLetter) -> Self {
        let DeadLetter { summary, message, .. } = letter;
        Self {
            message_id: summary.message_id,
            reason: summary.reason,
            event_type: summary.event_type,
            sent_at: summary.sent_at,
            failed_at: summary.failed_at,
            receive_count: summary.receive_count,
            body: message.raw_body,
            attributes: message.attributes.into_iter().collect(),
        }
    }
}

/// Which dead letters to redrive.
#[derive(Debug, Clone)]
pub enum Which {
    /// All that are there now.
    All,
    /// Those with these ids in the dead-letter queue, or with these ids of their consumer.
    These(Vec<String>),
}

impl Shelf {
    /// Those of this queue.
    #[must_use]
    pub const fn of(queue: Queue) -> Self {
        Self(queue)
    }

    /// Up to so many of them. While it looks they are hidden from others.
    ///
    /// # Errors
    /// SQS does not answer, or refuses.
    pub async fn list(&self, most: usize, stop: &CancellationToken) -> Result<Vec<Letter>, QueueError> {
        self.to_its_end(stop, |queue, stop| async move {
            let mut notes = Vec::new();
            let look = async |look: &mut Look<'_>| look.up_to(most, Letter::from).await;
            let found = through(&queue, Until::SeenOnce, &mut notes, &stop, look).await;
            log(&notes);
            found
        })
        .await
    }

    /// Sends them back to their queue: first sent, then deleted here. Where SQS does not answer or refuses on the way, the
    /// report says so, and what had gone back by then.
    ///
    /// # Errors
    /// It is not known what was done.
    pub async fn redrive(&self, which: &Which, stop: &CancellationToken) -> Result<Report, QueueError> {
        let which = which.clone();
        self.to_its_end(stop, |queue, stop| async move {
            let mut wanted = match &which {
                Which::All => Wanted::all(),
                Which::These(ids) => Wanted::these(ids),
            };
            let mut notes = Vec::new();
            let mut report = redrive_from(&queue, &mut wanted, &mut notes, &stop).await;
            log(&notes);
            if report.ended_by.is_none() {
                let why = "it is not there: redriven already, or never there";
                report.failed.extend(wanted.missing().into_iter().map(|id| (id.to_owned(), why.to_owned())));
            }
            Ok(report)
        })
        .await
    }

    /// Deletes all of them; answers about how many there were.
    ///
    /// # Errors
    /// SQS does not answer, or refuses.
    pub async fn purge(&self) -> Result<u64, QueueError> {
        let letters = self.0.dead_letters().depth().await?;
        self.0.dead_letters().purge().await?;
        Ok(letters)
    }

    /// In a task of its own, which is told to stop when nobody waits for it any more.
    async fn to_its_end<T, L>(
        &self,
        stop: &CancellationToken,
        look: impl FnOnce(Queue, CancellationToken) -> L,
    ) -> Result<T, QueueError>
    where
        T: Send + 'static,
        L: Future<Output = Result<T, QueueError>> + Send + 'static,
    {
        let left_alone = stop.child_token();
        let _waits = left_alone.clone().drop_guard();
        let looked = tokio::spawn(look(self.0.clone(), left_alone)).await;
        looked.unwrap_or_else(|error| Err(self.0.dead_letters().error("look", error.to_string())))
    }
}

fn log(notes: &[String]) {
    for note in notes {
        tracing::warn!("{note}");
    }
}
