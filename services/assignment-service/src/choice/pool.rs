//! Which connection a batch goes by: one that all share, or, where it waits for replicas, one that it has alone
//! meanwhile, since WAIT holds up whatever comes behind it on its connection and is about what was written on it.
//!
//! Guarantees: a connection that failed is not used again, and the next batch connects anew; connects are bounded, and
//! one at a time for the shared connection.

use std::sync::{Mutex, PoisonError};

use redis::{RedisError, RedisResult};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use super::connection::{Connection, Target, is_spent};

/// Batches that wait for replicas at a time.
const ALONE: usize = 16;

pub(super) struct Pool {
    target: Target,
    shared: tokio::sync::Mutex<Shared>,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

#[derive(Default)]
struct Shared {
    connection: Option<Connection>,
    /// Tells connections apart.
    number: u64,
    failed: Option<(Instant, RedisError)>,
}

/// A connection for a batch. What is dropped before it is given back, because the batch was ended in the midst, is
/// closed if nobody shares it.
pub(super) struct Lease<'a> {
    pub(super) connection: Connection,
    of: Of<'a>,
}

enum Of<'a> {
    All(u64),
    One(SemaphorePermit<'a>),
}

impl Pool {
    pub(super) fn new(target: Target) -> Self {
        Self { target, shared: Default::default(), idle: Default::default(), permits: Semaphore::new(ALONE) }
    }

    /// The connection that all share.
    pub(super) async fn shared(&self) -> RedisResult<Lease<'_>> {
        let asked = Instant::now();
        let mut shared = self.shared.lock().await;
        let connection = match (&shared.connection, &shared.failed) {
            (Some(connection), _) => connection.clone(),
            // Somebody tried while this waited for its turn: trying again would make the next one wait twice as long.
            (None, Some((at, error))) if *at > asked => return Err(error.clone()),
            (None, _) => match self.target.connect().await {
                Ok(connection) => {
                    shared.number += 1;
                    shared.connection.insert(connection).clone()
                }
                Err(error) => {
                    shared.failed = Some((Instant::now(), error.clone()));
                    return Err(error);
                }
            },
        };
        Ok(Lease { connection, of: Of::All(shared.number) })
    }

    /// A connection that nobody else uses until it is given back.
    pub(super) async fn alone(&self) -> RedisResult<Lease<'_>> {
        // Closed never: the semaphore lives as long as `self`.
        let permit = self.permits.acquire().await.map_err(std::io::Error::other)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.target.connect().await?,
        };
        Ok(Lease { connection, of: Of::One(permit) })
    }

    /// Takes a connection back; with the failures of what was sent on it.
    pub(super) async fn give_back<'e>(&self, lease: Lease<'_>, errors: impl IntoIterator<Item = &'e RedisError>) {
        let spent = errors.into_iter().any(is_spent);
        match lease.of {
            Of::All(number) => {
                if spent {
                    let mut shared = self.shared.lock().await;
                    if shared.number == number {
                        shared.connection = None;
                    }
                }
            }
            Of::One(permit) => {
                let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                if spent {
                    // The others lead to the same server, and are hardly better.
                    idle.clear();
                } else {
                    idle.push(lease.connection);
                }
                drop(permit);
            }
        }
    }
}
