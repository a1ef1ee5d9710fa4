//! How much lies in the queues, and for how long.
//!
//! SQS says how many messages there are, but not how old the oldest is. It is no older than the queue has not been empty for, as far as
//! this process has seen; that is what is shown, as what it is: at most.

use std::{collections::HashMap, sync::Mutex, sync::PoisonError};

use chrono::{DateTime, Utc};
use futures::future::join_all;
use messaging::{Clients, Queue, queue::QueueError};

use super::html::Since;

/// The queues that are shown.
pub struct Queues {
    clients: Clients,
    names: Vec<String>,
    found: tokio::sync::Mutex<HashMap<String, Queue>>,
    /// By queue and by dead-letter queue: since when it has not been seen empty.
    filled: Mutex<HashMap<(String, bool), DateTime<Utc>>>,
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
    /// Since when it has not been empty, at most.
    pub(super) since: Option<Since>,
}

impl Queues {
    /// These queues; they are looked for when they are first asked about.
    #[must_use]
    pub fn new(clients: Clients, names: Vec<String>) -> Self {
        Self { clients, names, found: tokio::sync::Mutex::default(), filled: Mutex::default() }
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
            let depths = self.depths(name, now).await.map_err(|error| error.to_string());
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
        let mut filled = self.filled.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (name.to_owned(), is_dead);
        let since = if waiting + in_flight == 0 {
            filled.remove(&key);
            None
        } else {
            Some(Since(*filled.entry(key).or_insert(now)))
        };
        Filled { waiting, in_flight, since }
    }
}
