//! The subcommand `dlq` of a service: what it is told, which queues it is about, and how it ends.

use std::{io, process::ExitCode};

use clap::{ArgMatches, Args, Command, FromArgMatches as _, Subcommand};
use tokio_util::sync::CancellationToken;

use super::{console::Console, list::List, purge::Purge, redrive::Redrive, show::Show};
use crate::{AwsSettings, Clients, Queue, queue::QueueError};

const COMMAND: &str = "dlq";

/// Look at the dead letters of this service's queues, send them back, or delete them.
///
/// A message ends in the dead-letter queue of its queue when it can never be understood, when it was received too often
/// without being handled, or when SNS could not deliver it. It needs the settings of SNS and SQS, and no other.
#[derive(Debug, Subcommand)]
enum Action {
    /// List dead letters: id, queue, type, when sent and when failed, size, reason. They stay where they are.
    List(List),
    /// Show everything about one dead letter: reason, times, attributes, the whole body. It stays where it is.
    Show(Show),
    /// Send dead letters back to the queue that they came from. May be repeated: a message that was handled already
    /// changes nothing when it comes again.
    Redrive(Redrive),
    /// Delete all dead letters for good. Asks first.
    Purge(Purge),
}

/// Which queues, and where they are.
#[derive(Debug, Clone, Args)]
pub(super) struct Scope {
    /// Only this queue (or its dead-letter queue); without it all queues of the service.
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    #[command(flatten)]
    aws: AwsSettings,
}

/// What a command works with.
pub(super) struct Desk<'a> {
    scope: &'a Scope,
    queues: &'a [String],
    pub(super) console: Console<'a>,
    pub(super) stop: &'a CancellationToken,
}

/// Something about dead letters did not work.
#[derive(Debug, thiserror::Error)]
pub enum DeadLettersError {
    /// SQS does not answer, or refuses.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The result cannot be written, or the answer not be read.
    #[error("standard input or output: {0}")]
    Console(#[from] io::Error),
    /// The result cannot be put into JSON.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All was done.
    Well,
    /// Not all was found or done; exit code 1.
    Incomplete,
    /// Nothing was done, since nobody confirmed it; exit code 2.
    Refused,
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Well => Self::SUCCESS,
            Ended::Incomplete => Self::FAILURE,
            Ended::Refused => Self::from(2),
        }
    }
}

/// What a command line asks for.
#[derive(Debug)]
pub struct Dlq {
    action: Action,
    queues: Vec<String>,
}

impl Dlq {
    /// Adds the subcommand to that of a service. The service's own arguments are then not needed, and not allowed.
    #[must_use]
    pub fn add_to(service: Command) -> Command {
        let dlq = Action::augment_subcommands(Command::new(COMMAND)).subcommand_required(true);
        service
            .subcommand(dlq.arg_required_else_help(true))
            .subcommand_negates_reqs(true)
            .args_conflicts_with_subcommands(true)
    }

    /// What is asked for, if it is about dead letters. The queues are those that the service would use: `settings` are
    /// its arguments that name one.
    ///
    /// # Errors
    /// The arguments cannot be read.
    pub fn asked(service: &ArgMatches, settings: &[&str]) -> Result<Option<Self>, clap::Error> {
        let Some(dlq) = service.subcommand_matches(COMMAND) else { return Ok(None) };
        let queues = settings.iter().filter_map(|setting| service.get_one::<String>(setting).cloned()).collect();
        Ok(Some(Self { action: Action::from_arg_matches(dlq)?, queues }))
    }

    /// Does it, on the terminal or wherever the process's input and output are.
    ///
    /// # Errors
    /// SQS does not answer, or refuses; a queue is not there.
    pub async fn run(&self, stop: &CancellationToken) -> Result<Ended, DeadLettersError> {
        let (mut results, mut notes) = (io::stdout(), io::stderr());
        match self.run_at(Console::of_process(&mut results, &mut notes), stop).await {
            // Whoever reads has seen enough, as in `dlq list | head`.
            Err(DeadLettersError::Console(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Ended::Well),
            ended => ended,
        }
    }

    /// Does it at this console.
    ///
    /// # Errors
    /// Those of [`Dlq::run`].
    pub async fn run_at<'a>(
        &'a self,
        console: Console<'a>,
        stop: &'a CancellationToken,
    ) -> Result<Ended, DeadLettersError> {
        let Self { action, queues } = self;
        let scope = match action {
            Action::List(list) => &list.scope,
            Action::Show(show) => &show.scope,
            Action::Redrive(redrive) => &redrive.scope,
            Action::Purge(purge) => &purge.scope,
        };
        let desk = &mut Desk { scope, queues, console, stop };
        match action {
            Action::List(list) => list.run(desk).await,
            Action::Show(show) => show.run(desk).await,
            Action::Redrive(redrive) => redrive.run(desk).await,
            Action::Purge(purge) => purge.run(desk).await,
        }
    }
}

impl Desk<'_> {
    /// The queues that it is about; all of them are there.
    pub(super) async fn queues(&self) -> Result<Vec<Queue>, QueueError> {
        let clients = Clients::load(&self.scope.aws).await;
        // Both names are to be seen, in AWS's console and in our own; it is clear what is meant.
        let one = self.scope.queue.as_deref().map(|name| name.strip_suffix("-dlq").unwrap_or(name).to_owned());
        let names = one.map_or_else(|| self.queues.to_vec(), |name| vec![name]);
        let mut queues = Vec::with_capacity(names.len());
        for name in &names {
            queues.push(Queue::find(&clients, name).await?);
        }
        Ok(queues)
    }
}
