//! The real aws CLI, as somebody at a terminal has it who has set nothing but the two keys.

use std::{env, process::Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use test_support::{Servers, servers::variable};
use tokio::process::Command;

/// Runs `aws --endpoint-url ... --region eu-west-2 ARGUMENTS` and answers the JSON that it prints.
///
/// # Errors
/// It cannot be run, does not exit with 0, or prints no JSON.
pub async fn aws(servers: &Servers, arguments: &[&str]) -> Result<Value> {
    let program = variable("DISPATCH_TEST_AWS_CLI")?;
    let output = Command::new(program)
        .env_clear()
        .envs(env::var_os("PATH").map(|path| ("PATH", path)))
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .args(["--endpoint-url", &servers.aws_endpoint, "--region", "eu-west-2"])
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "aws {arguments:?}: {}: {said}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("aws {arguments:?} printed no JSON"))
}
