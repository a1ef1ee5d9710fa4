//! Names that no other test, and no earlier run, has.

use uuid::Uuid;

/// `prefix-` and 32 hex digits: fit for a zone, a queue or a topic.
#[must_use]
pub fn name(prefix: &str) -> String {
    format!("{prefix}-{}", Uuid::new_v4().simple())
}
