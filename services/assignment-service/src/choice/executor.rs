//! Runs a batch of calls: in one round trip, or in a cluster in one to each node, side by side.
//!
//! Guarantees: answers come in the order of the calls, and the calls of one zone run in their order. What fails for a
//! reason that passes (a slot moves, a replica takes over, a script is not loaded, a connection broke) is repeated for a
//! bounded time, the zone's calls from the first one on: all of them may be.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures::future::join_all;
use redis::{RedisError, RedisResult, Value, cluster_routing::Slot, from_redis_value};
use tokio::time::Instant;

use super::{
    connection::{Connection, Target, is_no_script, is_passing, reason},
    pool::{Lease, Pool},
    replicas::Replicas,
    script::{Call, Scripts, key},
    settings::RedisSettings,
    slots::{Slots, group},
};
use crate::domain::policy::Policy;

/// How long a batch is repeated. Then it is up to the caller, whose message is not lost either.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pauses between repetitions grow from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(500));

pub(super) struct Executor {
    pool: Pool,
    scripts: Scripts,
    slots: RwLock<Arc<Slots>>,
    replicas: Option<Replicas>,
}

/// How an attempt differs from the first one.
struct Attempt {
    /// The scripts' texts go before the calls.
    texts: bool,
    /// A pipeline for each slot, instead of one for all that seem to be on one node.
    by_slot: bool,
}

/// What an attempt left to do, and why.
struct Failure {
    open: Vec<usize>,
    error: RedisError,
}

type Answers = Vec<Vec<String>>;

impl Executor {
    pub(super) async fn connect(settings: &RedisSettings, policy: &Policy) -> RedisResult<Self> {
        metrics::counter!("dispatch_redis_wait_short_total").increment(0);
        let executor = Self {
            pool: Pool::new(Target::find(settings).await?),
            scripts: Scripts::new(policy),
            slots: RwLock::default(),
            replicas: settings.acknowledgement().map(Replicas::new),
        };
        executor.learn_slots().await?;
        Ok(executor)
    }

    /// Whether a server answers.
    pub(super) async fn ping(&self) -> RedisResult<()> {
        let mut lease = self.pool.shared().await?;
        let answer = lease.connection.ask(redis::cmd("PING")).await;
        self.pool.give_back(lease, answer.as_ref().err()).await;
        answer.map(|_| ())
    }

    /// Runs the calls.
    pub(super) async fn run(&self, calls: &[Call<'_>], now: DateTime<Utc>) -> RedisResult<Answers> {
        let give_up = Instant::now() + PATIENCE;
        let mut answers = vec![Vec::new(); calls.len()];
        let mut open: Vec<usize> = (0..calls.len()).collect();
        let (mut attempt, mut pause) = (Attempt { texts: false, by_slot: false }, PAUSES.0);
        while let Err(failure) = self.attempt(&attempt, calls, &open, now, &mut answers).await {
            let Failure { error, open: left } = failure;
            if !is_passing(&error) || Instant::now() > give_up {
                return Err(error);
            }
            metrics::counter!("dispatch_redis_repeats_total", "reason" => reason(&error)).increment(1);
            if attempt.texts || !is_no_script(&error) {
                tracing::debug!(%error, "repeating calls");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
            attempt = Attempt { texts: attempt.texts || is_no_script(&error), by_slot: true };
            open = left;
        }
        if attempt.by_slot {
            // The nodes have changed, it seems. It is a guess, so a failure is no matter.
            self.learn_slots().await.ok();
        }
        Ok(answers)
    }

    async fn attempt(
        &self,
        attempt: &Attempt,
        calls: &[Call<'_>],
        open: &[usize],
        now: DateTime<Utc>,
        answers: &mut Answers,
    ) -> Result<(), Failure> {
        let lease = self.lease(calls).await.map_err(|error| Failure { open: open.to_vec(), error })?;
        let runs = self.groups(attempt, &lease.connection, calls, open).into_iter().map(|group| {
            let mut connection = lease.connection.clone();
            async move {
                let calls: Vec<_> = group.iter().map(|&position| &calls[position]).collect();
                (self.run_group(attempt, &mut connection, &calls, now).await, group)
            }
        });
        let (mut errors, mut left) = (Vec::new(), Vec::new());
        for (run, group) in join_all(runs).await {
            match run {
                Ok(replies) => group.into_iter().zip(replies).for_each(|(position, reply)| answers[position] = reply),
                Err(error) => {
                    errors.push(error);
                    left.extend(group);
                }
            }
        }
        self.pool.give_back(lease, &errors).await;
        left.sort_unstable();
        // One that does not pass decides.
        match errors.into_iter().min_by_key(is_passing) {
            Some(error) => Err(Failure { open: left, error }),
            None => Ok(()),
        }
    }

    /// A connection of its own for what waits for replicas.
    async fn lease(&self, calls: &[Call<'_>]) -> RedisResult<Lease<'_>> {
        match self.replicas {
            Some(_) if calls.iter().any(|call| call.script.is_missed()) => self.pool.alone().await,
            _ => self.pool.shared().await,
        }
    }

    fn groups(
        &self,
        attempt: &Attempt,
        connection: &Connection,
        calls: &[Call<'_>],
        open: &[usize],
    ) -> Vec<Vec<usize>> {
        let slot_of = |position: usize| slot(&calls[position]);
        if !connection.is_cluster() {
            vec![open.to_vec()]
        } else if attempt.by_slot {
            group(open, slot_of)
        } else {
            let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner).clone();
            slots.by_node(open, slot_of)
        }
    }

    /// In one pipeline, which goes to the node of the first call's slot.
    async fn run_group(
        &self,
        attempt: &Attempt,
        connection: &mut Connection,
        calls: &[&Call<'_>],
        now: DateTime<Utc>,
    ) -> RedisResult<Answers> {
        let Some(first) = calls.first() else { return Ok(Vec::new()) };
        let mut pipeline = redis::pipe();
        let texts = if attempt.texts { self.scripts.load(&mut pipeline, calls) } else { 0 };
        self.scripts.call(&mut pipeline, calls, now);
        let waits = self.replicas.as_ref().filter(|_| calls.iter().any(|call| call.script.is_missed()));
        if let Some(replicas) = waits {
            pipeline.add_command(replicas.command());
        }
        let mut values = connection.run(pipeline, slot(first)).await?;
        if let Some(replicas) = waits {
            replicas.note(from_redis_value(values.pop().unwrap_or(Value::Nil))?);
        }
        values.into_iter().skip(texts).map(|value| Ok(from_redis_value(value)?)).collect()
    }

    async fn learn_slots(&self) -> RedisResult<()> {
        let mut lease = self.pool.shared().await?;
        let asked = Slots::ask(&mut lease.connection).await;
        self.pool.give_back(lease, asked.as_ref().err()).await;
        *self.slots.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(asked?);
        Ok(())
    }
}

fn slot(call: &Call<'_>) -> Slot {
    Slot::for_key(key(call.zone, "meta"))
}
