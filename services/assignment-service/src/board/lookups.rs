//! What other services know, remembered for a while: pages that are live ask again and again for the same names.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use dispatch_contracts::{
    id::{CourierId, OrderId},
    resource::{Courier, Order},
};
use lookup::Found;
use tokio::time::Instant;
use trace::TraceParent;

use super::Board;

/// For how long an answer is good: news reaches one service later than the other.
const GOOD: Duration = Duration::from_millis(500);
/// After a lookup that failed; until then what is missing stays missing, so that a service that is down holds up one page in so long.
const REST: Duration = Duration::from_secs(3);
/// Answers that are remembered.
const MOST: usize = 20_000;

/// What is remembered of one service.
#[derive(Debug)]
pub(super) struct Known<I, T> {
    kept: Mutex<Kept<I, T>>,
    good: Duration,
    rest: Duration,
}

#[derive(Debug)]
struct Kept<I, T> {
    /// Also that there is nothing by an id.
    answers: HashMap<I, (Instant, Option<T>)>,
    failed: Option<Instant>,
}

impl<I, T> Default for Known<I, T> {
    fn default() -> Self {
        Self::for_so_long(GOOD, REST)
    }
}

impl<I, T> Known<I, T> {
    fn for_so_long(good: Duration, rest: Duration) -> Self {
        Self { kept: Mutex::new(Kept { answers: HashMap::new(), failed: None }), good, rest }
    }
}

impl<I: Copy + Eq + Hash, T: Clone> Known<I, T> {
    async fn get<F>(&self, ids: &[I], ask: impl FnOnce(Vec<I>) -> F) -> Found<I, T>
    where
        F: Future<Output = Found<I, T>>,
    {
        let now = Instant::now();
        let (mut by_id, missing, is_resting) = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let mut by_id = HashMap::with_capacity(ids.len());
            let mut missing = Vec::new();
            for id in ids {
                match kept.answers.get(id) {
                    Some((at, answer)) if now - *at < self.good => {
                        by_id.extend(answer.clone().map(|answer| (*id, answer)));
                    }
                    _ => missing.push(*id),
                }
            }
            (by_id, missing, kept.failed.is_some_and(|at| now - at < self.rest))
        };
        if missing.is_empty() {
            return Found { by_id, is_complete: true };
        }
        if is_resting {
            return Found { by_id, is_complete: false };
        }
        let found = ask(missing.clone()).await;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.answers.len() + missing.len() > MOST {
            kept.answers.clear();
        }
        for id in missing {
            let answer = found.by_id.get(&id).cloned();
            if answer.is_some() || found.is_complete {
                kept.answers.insert(id, (now, answer));
            }
        }
        kept.failed = (!found.is_complete).then(Instant::now);
        by_id.extend(found.by_id);
        Found { by_id, is_complete: found.is_complete }
    }
}

impl Board {
    /// Couriers, as far as courier-service answers.
    pub(super) async fn couriers_by_id(&self, ids: &[CourierId]) -> Found<CourierId, Courier> {
        let couriers = self.couriers.clone();
        let ask = |ids: Vec<CourierId>| async move { couriers.find(&ids, TraceParent::unrecorded()).await };
        self.0.known_couriers.get(ids, ask).await
    }

    /// Orders, as far as order-service answers.
    pub(super) async fn orders_by_id(&self, ids: &[OrderId]) -> Found<OrderId, Order> {
        let orders = self.orders.clone();
        let ask = |ids: Vec<OrderId>| async move { orders.find(&ids, TraceParent::unrecorded()).await };
        self.0.known_orders.get(ids, ask).await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn found(ids: &[u32], is_complete: bool) -> Found<u32, u32> {
        Found { by_id: ids.iter().map(|id| (*id, *id)).collect(), is_complete }
    }

    #[tokio::test]
    async fn what_is_known_is_not_asked_for() {
        let known = Known::for_so_long(Duration::MAX, Duration::MAX);
        known.get(&[1, 2], |_| async { found(&[1], true) }).await;
        // Also that there is no 2.
        let again = known.get(&[1, 2], |ids| async move { panic!("asked for {ids:?}") }).await;
        assert_eq!((again.by_id.len(), again.is_complete), (1, true));
    }

    #[tokio::test]
    async fn what_is_old_is_asked_for_again() {
        let known = Known::for_so_long(Duration::ZERO, Duration::MAX);
        known.get(&[1, 2], |_| async { found(&[1], true) }).await;
        let asked = Cell::new(0);
        known
            .get(&[1, 2], |ids| {
                asked.set(ids.len());
                async { found(&[1, 2], true) }
            })
            .await;
        assert_eq!(asked.get(), 2);
    }

    #[tokio::test]
    async fn who_does_not_answer_is_left_alone_for_a_while() {
        let known = Known::for_so_long(Duration::MAX, Duration::MAX);
        assert!(!known.get(&[1], |_| async { found(&[], false) }).await.is_complete);
        let again = known.get(&[1], |ids| async move { panic!("asked for {ids:?}") }).await;
        assert!(!again.is_complete);
        let known = Known::for_so_long(Duration::MAX, Duration::ZERO);
        assert!(!known.get(&[1], |_| async { found(&[], false) }).await.is_complete);
        assert!(known.get(&[1], |_| async { found(&[1], true) }).await.is_complete);
    }
}
