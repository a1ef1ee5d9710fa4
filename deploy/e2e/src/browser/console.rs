//! What a browser said in its console.

use anyhow::{Context as _, Result};
use fantoccini::Client;
use serde_json::Value;

use super::extension;

/// What is no reason to look: what scripts tell about themselves.
const HARMLESS: [&str; 2] = ["INFO", "DEBUG"];

/// What was said, and what of it was expected.
#[derive(Debug, Default)]
pub(super) struct Console {
    said: Vec<String>,
    expected: Vec<String>,
}

impl Console {
    pub(super) fn expect(&mut self, text: &str) {
        self.expected.push(text.to_owned());
    }

    /// Everything that nobody expected.
    pub(super) fn unexpected(&self) -> Vec<String> {
        let is_expected = |said: &str| self.expected.iter().any(|text| said.contains(text.as_str()));
        self.said.iter().filter(|said| !is_expected(said)).cloned().collect()
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.said.iter().any(|said| said.contains(text))
    }

    pub(super) fn add(&mut self, said: Vec<String>) {
        self.said.extend(said);
    }
}

/// The errors and warnings since this was last asked, as `LEVEL source: message`.
pub(super) async fn read(client: &Client) -> Result<Vec<String>> {
    let entries = extension::console(client).await?;
    let entries = entries.as_array().context("no list")?;
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let grave = entries.iter().filter(|entry| !HARMLESS.contains(&entry["level"].as_str().unwrap_or_default()));
    Ok(grave.map(|entry| ["level", "source", "message"].map(|name| text(entry, name)).join(" ")).collect())
}
