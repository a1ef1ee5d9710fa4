//! Where results and notes go, and whoever can be asked.

use std::{
    fmt::Display,
    io::{self, BufRead, IsTerminal as _, Write},
};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Reads the answers of somebody.
type Answers = Box<dyn BufRead + Send>;

/// What a command talks to.
pub struct Console<'a> {
    results: &'a mut dyn Write,
    notes: &'a mut dyn Write,
    /// Nothing where nobody is there to ask.
    answers: Option<Answers>,
}

impl<'a> Console<'a> {
    /// A console with these ends; without `answers` nobody can be asked.
    pub fn new(results: &'a mut dyn Write, notes: &'a mut dyn Write, answers: Option<Answers>) -> Self {
        Self { results, notes, answers }
    }

    /// That of the process. Only at a terminal is somebody there to ask, and only if they can see the question.
    pub(super) fn of_process(results: &'a mut io::Stdout, notes: &'a mut io::Stderr) -> Self {
        let answers: Answers = Box::new(io::BufReader::new(io::stdin()));
        let is_terminal = io::stdin().is_terminal() && notes.is_terminal();
        Self::new(results, notes, is_terminal.then_some(answers))
    }

    pub(super) fn can_ask(&self) -> bool {
        self.answers.is_some()
    }

    /// A line of the result.
    pub(super) fn say(&mut self, line: impl Display) -> io::Result<()> {
        writeln!(self.results, "{line}")
    }

    /// A line about the command itself. That it cannot be written is no reason to do less.
    pub(super) fn note(&mut self, line: impl Display) {
        let _ = writeln!(self.notes, "{line}");
    }

    /// So many of them.
    pub(super) fn note_all(&mut self, lines: &[String]) {
        lines.iter().for_each(|line| self.note(line));
    }

    /// Asks, and waits for the line that is the answer; nothing if there is none, or `stop` comes first.
    pub(super) async fn ask(&mut self, question: &str, stop: &CancellationToken) -> io::Result<Option<String>> {
        let Some(mut answers) = self.answers.take() else { return Ok(None) };
        write!(self.notes, "{question}")?;
        self.notes.flush()?;
        let (tell, told) = oneshot::channel();
        // A thread of its own: the runtime would wait for one of its own threads when the process is to end.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = answers.read_line(&mut line);
            let _ = tell.send((read.map(|_| line), answers));
        });
        let Some(Ok((line, answers))) = stop.run_until_cancelled(told).await else { return Ok(None) };
        self.answers = Some(answers);
        Ok(Some(line?).filter(|line| !line.is_empty()))
    }
}
