//! Keeps messages invisible to others for as long as they are in this process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{Queue, queue::BATCH};

pub(super) struct Visibility {
    queue: Queue,
    timeout: Duration,
    /// When each delivery in this process becomes visible to others, by receipt.
    deadlines: Mutex<HashMap<String, Instant>>,
}

impl Visibility {
    pub(super) fn new(queue: Queue, timeout: Duration) -> Self {
        Self { queue, timeout, deadlines: Mutex::default() }
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn track(&self, receipt: &str) {
        self.lock().insert(receipt.to_owned(), Instant::now() + self.timeout);
    }

    pub(super) fn forget(&self, receipt: &str) {
        self.lock().remove(receipt);
    }

    /// Extends what has used up half of its time, for ever.
    pub(super) async fn keep(&self) {
        let mut tick = interval(self.timeout / 6);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let late = self.late();
            for receipts in late.chunks(BATCH) {
                self.extend(receipts).await;
            }
        }
    }

    fn late(&self) -> Vec<String> {
        let half = Instant::now() + self.timeout / 2;
        self.lock().iter().filter(|(_, deadline)| **deadline < half).map(|(receipt, _)| receipt.clone()).collect()
    }

    async fn extend(&self, receipts: &[String]) {
        let changes: Vec<_> = {
            let deadlines = self.lock();
            // What was settled while those before were extended has a time of its own.
            let tracked = receipts.iter().filter(|receipt| deadlines.contains_key(*receipt));
            tracked.map(|receipt| (receipt.clone(), self.timeout)).collect()
        };
        if changes.is_empty() {
            return;
        }
        let extended_from = Instant::now();
        match self.queue.change_visibility(&changes).await {
            Ok(refused) => {
                let mut deadlines = self.lock();
                for receipt in receipts {
                    // Whoever was settled meanwhile is not tracked again.
                    if let Some(deadline) = deadlines.get_mut(receipt) {
                        *deadline = extended_from + self.timeout;
                    }
                }
                for receipt in &refused {
                    deadlines.remove(receipt);
                }
                metrics::counter!("dispatch_message_visibility_extended_total", "queue" => self.queue.name().to_owned())
                    .increment((changes.len() - refused.len()) as u64);
                if !refused.is_empty() {
                    tracing::debug!(queue = self.queue.name(), refused = refused.len(), "deliveries are void");
                }
            }
            Err(error) => tracing::warn!(queue = self.queue.name(), %error, "extending visibility failed"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.deadlines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
