//! An operator's commands: the real binary with arguments, on the stores of a world.

use std::process::Stdio;

use anyhow::Result;
use sqlx::ConnectOptions as _;
use test_support::Servers;
use tokio::process::Command;

use crate::world::World;

/// Exit code, results and notes.
pub(crate) type Told = (Option<i32>, String, String);

pub(crate) async fn operate(world: &World, arguments: &[&str]) -> Result<Told> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assignment-service"));
    let url = world.pool.connect_options().to_url_lossy().to_string();
    command.env_clear().env("DATABASE_URL", url).env("REDIS_URL", Servers::from_env()?.redis_url);
    let output = command.args(arguments).stdin(Stdio::null()).output().await?;
    Ok((output.status.code(), String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
}
