//! Where a process gets the time and new ids from: handed in, so that a test can hand in others.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use dispatch_contracts::timestamp;
use uuid::Uuid;

/// Tells the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

/// Makes ids that nobody has yet.
#[derive(Clone)]
pub struct Ids(Arc<dyn Fn() -> Uuid + Send + Sync>);

impl Clock {
    /// The clock of this machine.
    #[must_use]
    pub fn system() -> Self {
        Self::from_fn(Utc::now)
    }

    /// A clock that says what the function says.
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time, in whole microseconds: what every store keeps exactly.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        timestamp::to_micros((self.0)())
    }
}

impl Ids {
    /// Version 7: later ids are greater, which keeps the indexes of a database dense.
    #[must_use]
    pub fn random() -> Self {
        Self::from_fn(Uuid::now_v7)
    }

    /// Ids that the function makes.
    pub fn from_fn(next: impl Fn() -> Uuid + Send + Sync + 'static) -> Self {
        Self(Arc::new(next))
    }

    /// A new id of any kind.
    #[must_use]
    pub fn next<I: From<Uuid>>(&self) -> I {
        (self.0)().into()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}
