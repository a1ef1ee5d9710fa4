//! `dlq purge`: deletes all dead letters of a queue, after asking.

use clap::Args;

use super::{
    cli::{DeadLettersError, Desk, Ended, Scope},
    shelf::Shelf,
};
use crate::Queue;

/// What `dlq purge` is told.
#[derive(Debug, Args)]
pub(super) struct Purge {
    /// Do not ask. Needed where there is no terminal to ask at.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    pub(super) scope: Scope,
}

impl Purge {
    pub(super) async fn run(&self, desk: &mut Desk<'_>) -> Result<Ended, DeadLettersError> {
        if !self.yes && !desk.console.can_ask() {
            desk.console
                .note("not purged: there is no terminal to ask at; say --yes to delete the dead letters for good");
            return Ok(Ended::Refused);
        }
        let (mut purged, mut refused) = (false, false);
        for queue in &desk.queues().await? {
            let letters = queue.dead_letters().depth().await?;
            let name = queue.name();
            if self.yes || confirmed(queue, letters, desk).await? {
                Shelf::of(queue.clone()).purge().await?;
                desk.console.say(format_args!("{name}: purged; there were {letters} dead letters"))?;
                purged = true;
            } else {
                desk.console.say(format_args!("{name}: not purged; there are {letters} dead letters"))?;
                refused = true;
            }
        }
        Ok(match (purged, refused) {
            (_, false) => Ended::Well,
            (true, true) => Ended::Incomplete,
            (false, true) => Ended::Refused,
        })
    }
}

/// Whether somebody at the terminal wants it.
async fn confirmed(queue: &Queue, letters: u64, desk: &mut Desk<'_>) -> Result<bool, DeadLettersError> {
    let name = queue.name();
    let question =
        format!("{name}: delete its {letters} dead letters for good? Type the queue's name, or yes, to go on: ");
    let answer = desk.console.ask(&question, desk.stop).await?.unwrap_or_default();
    let answer = answer.trim();
    Ok(answer == name || answer.eq_ignore_ascii_case("yes"))
}
