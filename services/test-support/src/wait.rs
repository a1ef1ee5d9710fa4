//! Bounded waits for a condition. A test waits for what must become true, never for a time.

use std::{future::Future, time::Duration};

use anyhow::{Result, bail};

const INTERVAL: Duration = Duration::from_millis(20);
/// Long enough for a busy machine; a test that meets its condition never waits for it.
const BOUND: Duration = Duration::from_secs(60);

/// Asks until the answer is `Some`, at most a minute.
///
/// # Errors
/// The minute is over, or `ask` failed.
pub async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let deadline = tokio::time::Instant::now() + BOUND;
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if tokio::time::Instant::now() > deadline {
            bail!("not within {BOUND:?}: {what}");
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Asks how much is left until nothing is, at most a minute after it was last seen to become less: more may come meanwhile.
///
/// # Errors
/// The minute is over, or `ask` failed.
pub async fn used_up<F>(what: &str, mut ask: impl FnMut() -> F) -> Result<()>
where
    F: Future<Output = Result<u64>>,
{
    let (mut before, mut deadline) = (u64::MAX, tokio::time::Instant::now());
    loop {
        let left = ask().await?;
        if left == 0 {
            return Ok(());
        }
        if left < before {
            deadline = tokio::time::Instant::now() + BOUND;
        } else if tokio::time::Instant::now() > deadline {
            bail!("not less within {BOUND:?}, {left} are left: {what}");
        }
        before = left;
        tokio::time::sleep(INTERVAL).await;
    }
}
