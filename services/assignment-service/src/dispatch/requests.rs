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
    /// Zones with a step under way, and whether the line has to be walked once more after this walk.
    walking: HashMap<Zone, bool>,
}

impl DrainRequests {
    /// Somebody can take an order: asks for a walk from the front of the line.
    pub(super) fn request(&self, zone: &Zone) {
        self.zones().now.insert(zone.clone(), Walk::default());
        self.changed.notify_one();
    }

    /// An order was put in line: a walk that is under way goes on, and is followed by another one. Beginning anew each time
    /// would never reach those behind orders that are passed by.
    pub(super) fn request_also(&self, zone: &Zone) {
        let mut zones = self.zones();
        if let Some(walk) = zones.now.get_mut(zone) {
            walk.once_more = walk.after.is_some();
        } else if let Some(once_more) = zones.walking.get_mut(zone) {
            *once_more = true;
        } else {
            zones.now.insert(zone.clone(), Walk::default());
        }
        drop(zones);
        self.changed.notify_one();
    }

    /// Asks for a drain after a while, or sooner if that was asked for before.
    pub(super) fn request_in(&self, zone: &Zone, wait: Duration) {
        let at = Instant::now() + wait;
        self.zones().later.entry(zone.clone()).and_modify(|known| *known = at.min(*known)).or_insert(at);
        self.changed.notify_one();
    }

    /// A step is over; `rest` is what is left of the walk. A walk from the front that was asked for meanwhile goes before it.
    pub(super) fn stepped(&self, zone: &Zone, rest: Option<Walk>) {
        let mut zones = self.zones();
        let once_more = zones.walking.remove(zone).unwrap_or(false);
        let next = match rest {
            Some(walk) => Some(Walk { once_more, ..walk }),
            None => once_more.then(Walk::default),
        };
        if let Some(next) = next {
            zones.now.entry(zone.clone()).or_insert(next);
        }
        drop(zones);
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
        let due = std::mem::take(&mut self.now);
        self.walking.extend(due.iter().map(|(zone, walk)| (zone.clone(), walk.once_more)));
        (due, self.later.values().min().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_walk_goes_on_although_the_line_grows_and_begins_anew_for_somebody_new() {
        let (requests, zone): (DrainRequests, Zone) = (DrainRequests::default(), "S".parse().expect("a zone"));
        let rest = Walk { after: Some(uuid::Uuid::nil().into()), ..Walk::default() };
        requests.request(&zone);
        assert_eq!(requests.take().await.remove(&zone), Some(Walk::default()));
        requests.request_also(&zone);
        requests.stepped(&zone, Some(rest));
        assert_eq!(requests.take().await.remove(&zone), Some(Walk { once_more: true, ..rest }));
        requests.stepped(&zone, None);
        assert_eq!(requests.take().await.remove(&zone), Some(Walk::default()), "once more");
        requests.request(&zone);
        requests.stepped(&zone, Some(rest));
        assert_eq!(requests.take().await.remove(&zone), Some(Walk::default()), "somebody came");
        requests.stepped(&zone, None);
        assert!(requests.zones().now.is_empty());
    }
}
