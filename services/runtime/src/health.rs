//! Whether the process can do its work: whether everything that it needs answers, asked anew each time, and that it is not about
//! to stop.

use std::{
    collections::BTreeMap,
    fmt::Display,
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

type Answer = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Check = Box<dyn Fn() -> Answer + Send + Sync>;

/// What the process needs, and whether it is stopping.
#[derive(Default)]
pub struct Health {
    checks: BTreeMap<&'static str, Check>,
    stopping: AtomicBool,
}

impl Health {
    /// Adds something that must answer for the process to be ready.
    #[must_use]
    pub fn needs<F, E>(mut self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let check: Check = Box::new(move || {
            let asked = check();
            Box::pin(async move {
                match tokio::time::timeout(CHECK_TIMEOUT, asked).await {
                    Ok(answer) => answer.map_err(|error| error.to_string()),
                    Err(_) => Err(format!("no answer within {CHECK_TIMEOUT:?}")),
                }
            })
        });
        self.checks.insert(name, check);
        self
    }

    /// From now on the process is not ready.
    pub fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// What each need answers; `Err` says why not.
    pub async fn ask(&self) -> BTreeMap<&'static str, Result<(), String>> {
        let mut answers = BTreeMap::new();
        let stopping = self.stopping.load(Ordering::Relaxed);
        answers.insert("process", if stopping { Err("stopping".to_owned()) } else { Ok(()) });
        // All at once: a probe should not wait for the sum of what is slow.
        let asked: Vec<_> = self.checks.iter().map(|(name, check)| (*name, tokio::spawn(check()))).collect();
        for (name, answer) in asked {
            answers.insert(name, answer.await.unwrap_or_else(|error| Err(error.to_string())));
        }
        for (name, answer) in &answers {
            metrics::gauge!("dispatch_need_answers", "need" => *name).set(f64::from(u8::from(answer.is_ok())));
        }
        answers
    }
}
