//! Which zones have to be drained, now or later.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use dispatch_contracts::zone::Zone;
use tokio::{sync::Notify, time::Instant};

use super::drain::Walk;

/// Zones in which an order waits that somebody could take. Several requests for a zone are one.
#[derive(Default)]
pub(super) struct DrainRequests {
    zones: Mutex<Zones>,
    changed: Notify,
}

#[derive(Default)]
struct Zones {
    now: HashMap<Zone, Walk>,
    later: HashMap<Zone, Instant>,
}

impl DrainRequests {
    /// Asks for a drain from the front of the line.
    pub(super) fn request(&self, zone: &Zone) {
        self.zones().now.insert(zone.clone(), Walk::default());
        self.changed.notify_one();
    }

    /// Asks for the rest of a walk, unless somebody asked for a new one meanwhile.
    pub(super) fn go_on(&self, zone: &Zone, walk: Walk) {
        self.zones().now.entry(zone.clone()).or_insert(walk);
        self.changed.notify_one();
    }

    /// Asks for a drain after a while, or sooner if that was asked for before.
    pub(super) fn request_in(&self, zone: &Zone, wait: Duration) {
        let at = Instant::now() + wait;
        self.zones().later.entry(zone.clone()).and_modify(|known| *known = at.min(*known)).or_insert(at);
        self.changed.notify_one();
    }

    /// Waits until there is something to drain, and takes all of it.
    pub(super) async fn take(&self) -> HashMap<Zone, Walk> {
        loop {
            let changed = self.changed.notified();
            let (due, next) = self.zones().due(Instant::now());
            if !due.is_empty() {
                return due;
            }
            match next {
                Some(next) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep_until(next) => {}
                    }
                }
                None => changed.await,
            }
        }
    }

    fn zones(&self) -> MutexGuard<'_, Zones> {
        self.zones.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Zones {
    /// Takes what is to be drained by now; answers when more is.
    fn due(&mut self, now: Instant) -> (HashMap<Zone, Walk>, Option<Instant>) {
        let due: Vec<Zone> = self.later.extract_if(|_, at| *at <= now).map(|(zone, _)| zone).collect();
        self.now.extend(due.into_iter().map(|zone| (zone, Walk::default())));
        (std::mem::take(&mut self.now), self.later.values().min().copied())
    }
}
