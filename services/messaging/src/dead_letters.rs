//! What an operator does with dead letters: `SERVICE dlq list | show | redrive | purge`.
//!
//! - A look changes nothing. SQS cannot show a message without handing it out, so what was looked at is handed back at
//!   the end, also after an error or Ctrl-C; after a `kill -9` it comes back by itself after 90 seconds (`look::VISIBILITY`).
//!   Two looks at the same time hide messages from each other for their duration.
//! - A redrive may be repeated, and may be cut off anywhere. A message is sent back first and deleted second, so it may
//!   be sent back twice, but never be lost. It goes back as the message that it was (see `message::origin`), so the
//!   second one is to its consumer what a redelivery is: nothing new.
//! - A purge asks.
//!
//! Results go to standard output, everything else to standard error.

mod cli;
mod console;
mod letter;
mod list;
mod look;
mod purge;
mod redrive;
mod shelf;
mod show;

pub use self::{
    cli::{DeadLettersError, Dlq, Ended},
    console::Console,
    redrive::Report,
    shelf::{Letter, Shelf, Which},
};
