//! How much lies in the queues, and for how long.
//!
//! SQS says how many messages there are, but not how old the oldest is. It has come since the queue was last seen empty, which is looked for
//! all the time; so that is what is shown, as what it is: at most. A queue that this process never saw empty may hold anything.

use std::{collections::HashMap, sync::Mutex, sync::PoisonError, time::Duration};

use chrono::{DateTime, Utc};
use futures::future::join_all;
use messaging::{Clients, Queue, queue::QueueError};

use super::html::Since;

/// Longest wait for SQS.
const PATIENCE: Duration = Duration::from_secs(3);

/// The queues that are shown.
pub struct Queues {
    clients: Clients,
    names: Vec<String>,
    found: tokio::sync::Mutex<HashMap<String, Queue>>,
    /// By queue and by dead-letter queue: when it was last seen empty.
    seen_empty: Mutex<HashMap<(String, bool), DateTime<Utc>>>,
}

/// A queue with its dead letters.
#[derive(Debug, Clone)]
pub(super) struct QueueState {
    pub(super) name: String,
    /// What lies in it and in its dead-letter queue, or why that is not known.
    pub(super) depths: Result<(Filled, Filled), String>,
}

/// What lies in one queue.
#[derive(Debug, Clone)]
pub(super) struct Filled {
    pub(super) waiting: u64,
    pub(super) in_flight: u64,
    /// When it was last seen empty, if ever.
    pub(super) empty_at: Option<Since>,
}

impl Filled {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting + self.in_flight == 0
    }
}

impl Queues {
    /// These queues; they are looked for when they are first asked about.
    #[must_use]
    pub fn new(clients: Clients, names: Vec<String>) -> Self {
        Self { clients, names, found: tokio::sync::Mutex::default(), seen_empty: Mutex::default() }
    }

    /// Their names.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// One of them.
    pub(super) async fn get(&self, name: &str) -> Result<Queue, QueueError> {
        let mut found = self.found.lock().await;
        if let Some(queue) = found.get(name) {
            return Ok(queue.clone());
        }
        let queue = Queue::find(&self.clients, name).await?;
        found.insert(name.to_owned(), queue.clone());
        Ok(queue)
    }

    /// Asks about all of them.
    pub(super) async fn measure(&self, now: DateTime<Utc>) -> Vec<QueueState> {
        join_all(self.names.iter().map(|name| async move {
            let depths = match tokio::time::timeout(PATIENCE, self.depths(name, now)).await {
                Ok(depths) => depths.map_err(|error| error.to_string()),
                Err(_) => Err(format!("SQS has not answered for {PATIENCE:?}")),
            };
            QueueState { name: name.clone(), depths }
        }))
        .await
    }

    async fn depths(&self, name: &str, now: DateTime<Utc>) -> Result<(Filled, Filled), QueueError> {
        let queue = self.get(name).await?;
        let (depth, dead) = tokio::try_join!(queue.depth(), queue.dead_letters_depth())?;
        let own = self.filled(name, false, depth.visible + depth.delayed, depth.in_flight, now);
        Ok((own, self.filled(name, true, dead.visible + dead.delayed, dead.in_flight, now)))
    }

    fn filled(&self, name: &str, is_dead: bool, waiting: u64, in_flight: u64, now: DateTime<Utc>) -> Filled {
        let mut seen_empty = self.seen_empty.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (name.to_owned(), is_dead);
        if waiting + in_flight == 0 {
            seen_empty.insert(key.clone(), now);
        }
        Filled { waiting, in_flight, empty_at: seen_empty.get(&key).copied().map(Since) }
    }
}
