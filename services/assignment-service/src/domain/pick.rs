//! A choice: which courier, and what spoke for them.

use dispatch_contracts::id::CourierId;

/// The courier with the least score of a zone, as Redis chose them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// Who.
    pub courier_id: CourierId,
    /// Open orders they had then.
    pub score: u32,
    /// Who would have been next.
    pub runner_up: Option<CourierId>,
    /// How many could have taken it, the chosen one included.
    pub candidates: u32,
}
