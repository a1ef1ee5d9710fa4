//! What is logged, changed while the process runs.

use std::fmt;

use tracing_subscriber::{EnvFilter, Registry, reload};

/// What is logged, by directives such as `info,messaging=debug`. Cloning shares it.
#[derive(Clone)]
pub struct LogLevel(reload::Handle<EnvFilter, Registry>);

/// The text is no list of directives.
#[derive(Debug, thiserror::Error)]
#[error("must be directives such as info,messaging=debug: {0}")]
pub struct InvalidLogLevel(String);

impl LogLevel {
    /// A filter, and what changes it.
    pub(super) fn new(directives: &str) -> (reload::Layer<EnvFilter, Registry>, Self) {
        let (filter, handle) = reload::Layer::new(EnvFilter::new(directives));
        (filter, Self(handle))
    }

    /// What is logged now.
    #[must_use]
    pub fn get(&self) -> String {
        self.0.with_current(ToString::to_string).unwrap_or_default()
    }

    /// From now on this is logged, until it is changed again or the process ends.
    ///
    /// # Errors
    /// The text is no list of directives; nothing was changed.
    pub fn set(&self, directives: &str) -> Result<(), InvalidLogLevel> {
        let filter = EnvFilter::try_new(directives).map_err(|error| InvalidLogLevel(error.to_string()))?;
        self.0.reload(filter).map_err(|error| InvalidLogLevel(error.to_string()))
    }
}

impl fmt::Debug for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogLevel").field(&self.get()).finish()
    }
}
