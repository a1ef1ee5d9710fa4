//! What an operator does besides running the service: `replay` compares the event log with the facts or publishes a part of it
//! again, `rebuild` makes Redis anew.
//!
//! Each says how far it is on standard error, ends well at Ctrl-C, and says how to go on. Results go to standard output.

mod publish;
mod rebuild;
mod verify;

use std::process::ExitCode;

use clap::{ArgMatches, Command, FromArgMatches as _, Subcommand};
use dispatch_contracts::zone::Zone;
use messaging::{Clients, queue::QueueError};
use runtime::database::{self, DatabaseError};
use tokio_util::sync::CancellationToken;

use self::{
    publish::{Publish, PublishError},
    rebuild::Rebuild,
    verify::Verify,
};
use crate::{
    choice::ChoiceError,
    dispatch::DispatchError,
    facts::{Facts, FactsError},
};

#[derive(Debug, Subcommand)]
enum Action {
    /// Compare the event log with the facts, or publish a part of it again.
    ///
    /// With --verify, everything that the log says is folded anew and compared with what is stored, row by row; the first
    /// difference is shown, and the exit code is 2. With --publish, assignments go to their topic again, marked with the
    /// attribute replayed=true and with the ids and times that they had, so a consumer that has them takes no notice.
    Replay(Replay),
    /// Make Redis from the facts, zone by zone, while the service keeps running.
    Rebuild(Rebuild),
}

/// Which of the two.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("way").required(true).args(["verify", "publish"]))]
struct Replay {
    /// Fold the whole log and compare it with the facts.
    #[arg(long)]
    verify: bool,
    /// Publish a part of the log again.
    #[arg(long)]
    publish: bool,
    /// Go on where an earlier run ended, as it said.
    #[arg(long, value_name = "WHERE")]
    after: Option<String>,
    #[command(flatten)]
    what: Publish,
    #[command(flatten)]
    database: runtime::DatabaseSettings,
}

/// A command did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// The arguments cannot be read.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The facts cannot be read.
    #[error(transparent)]
    Facts(#[from] FactsError),
    /// A part of the log cannot be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The queue is not there.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// Redis does not answer.
    #[error("REDIS_URL: {0}")]
    Redis(#[from] ChoiceError),
    /// A zone cannot be made anew.
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
    /// No event named the zone.
    #[error("zone {0} was never heard of")]
    UnknownZone(Zone),
    /// What --after says is not where a run ended.
    #[error("--after: {0:?} is not where a run ended")]
    After(String),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All was done.
    Well,
    /// Somebody ended it before; exit code 1.
    Stopped,
    /// The log and the facts differ; exit code 2.
    Differs,
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Well => Self::SUCCESS,
            Ended::Stopped => Self::FAILURE,
            Ended::Differs => Self::from(2),
        }
    }
}

/// Adds the subcommands to the command of the service.
#[must_use]
pub fn add_to(service: Command) -> Command {
    Action::augment_subcommands(service)
}

/// Does what the command line asks for, if it asks for one of these.
///
/// # Errors
/// What it needs is not there, or broke off.
pub async fn asked(service: &ArgMatches, stop: &CancellationToken) -> Result<Option<Ended>, OperateError> {
    if !matches!(service.subcommand_name(), Some("replay" | "rebuild")) {
        return Ok(None);
    }
    let ended = match Action::from_arg_matches(service)? {
        Action::Replay(replay) => replay.run(stop).await?,
        Action::Rebuild(rebuild) => rebuild.run(stop).await?,
    };
    Ok(Some(ended))
}

impl Replay {
    async fn run(self, stop: &CancellationToken) -> Result<Ended, OperateError> {
        let facts = Facts::new(database::connect(&self.database).await?);
        let after = self.after.as_deref();
        if self.verify {
            return Verify::new(facts, after)?.run(stop).await;
        }
        let clients = Clients::load(&self.what.aws).await;
        self.what.run(&facts, &clients, after, stop).await
    }
}
