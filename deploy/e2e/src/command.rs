//! A command of an operator: a service's program with arguments, and what it printed.

use std::process::{Output, Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;
use test_support::servers::variable;
use tokio::process::Command;

/// What a command printed, and its exit code.
#[derive(Debug)]
pub struct Told {
    /// Nothing when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub results: String,
    /// Standard error.
    pub notes: String,
}

impl Told {
    /// Runs a service's program where nothing is set but `settings`, and where nobody can be asked.
    ///
    /// # Errors
    /// It cannot be started, or prints something else than text.
    pub async fn by(service: &str, settings: &[(&str, &str)], arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(format!("{}/{service}", variable("DISPATCH_TEST_BIN_DIR")?));
        command.env_clear().envs(settings.iter().copied()).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        let Output { status, stdout, stderr } = command.output().await?;
        Ok(Self { code: status.code(), results: String::from_utf8(stdout)?, notes: String::from_utf8(stderr)? })
    }

    /// The results, a JSON object a line.
    ///
    /// # Errors
    /// A line is none.
    pub fn json(&self) -> Result<Vec<Value>> {
        self.results.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }
}
