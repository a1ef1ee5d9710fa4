//! What chromedriver can do beyond WebDriver: commands of the DevTools, and the console.

use anyhow::{Context as _, Result};
use fantoccini::{Client, wd::WebDriverCompatibleCommand};
use reqwest::{Method, Url};
use serde_json::{Value, json};

#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// A command of the Chrome DevTools Protocol to the tab.
pub(super) async fn devtools(client: &Client, command: &str, parameters: Value) -> Result<Value> {
    let body = json!({"cmd": command, "params": parameters});
    let extension = Extension { path: "goog/cdp/execute", body };
    client.issue_cmd(extension).await.with_context(|| command.to_owned())
}

/// What came into the console since this was last asked.
pub(super) async fn console(client: &Client) -> Result<Value> {
    client.issue_cmd(Extension { path: "se/log", body: json!({"type": "browser"}) }).await.context("console")
}
