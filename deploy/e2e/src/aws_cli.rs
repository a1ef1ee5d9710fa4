//! The real aws CLI, as somebody at a terminal has it who has set nothing but the two keys.

use std::{env, ffi::OsString, path::Path, process::Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use test_support::{Servers, servers::variable};
use tokio::process::Command;

/// Runs `aws --endpoint-url ... --region eu-west-2 ARGUMENTS` and answers the JSON that it prints.
///
/// # Errors
/// It cannot be run, does not exit with 0, or prints no JSON.
pub async fn aws(servers: &Servers, arguments: &[&str]) -> Result<Value> {
    let mut command = Command::new(variable("DISPATCH_TEST_AWS_CLI")?);
    command.args(["--endpoint-url", &servers.aws_endpoint, "--region", "eu-west-2"]).args(arguments);
    command.env_clear().env("PATH", path()?).env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    printed(command).await?.pop().with_context(|| format!("aws {arguments:?} printed nothing"))
}

/// Runs commands in a shell that has nothing set but the PATH, and answers all JSON that they print. `aws` is the pinned
/// one, and the local SNS and SQS are where these servers are.
///
/// # Errors
/// One does not exit with 0, or prints no JSON.
pub async fn paste(servers: &Servers, commands: &str) -> Result<Vec<Value>> {
    let commands = commands.replace("http://localhost:9911", &servers.aws_endpoint);
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", &commands]).env_clear().env("PATH", path()?);
    printed(shell).await
}

/// The PATH with the pinned `aws` before any other.
fn path() -> Result<OsString> {
    let program = variable("DISPATCH_TEST_AWS_CLI")?;
    let folder = Path::new(&program).parent().context("no folder")?.to_owned();
    let inherited = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths([folder].into_iter().chain(env::split_paths(&inherited)))?)
}

async fn printed(mut command: Command) -> Result<Vec<Value>> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}: {said}", output.status);
    let values = serde_json::Deserializer::from_slice(&output.stdout).into_iter().collect::<Result<_, _>>();
    values.with_context(|| format!("{command:?}: {}", String::from_utf8_lossy(&output.stdout)))
}
