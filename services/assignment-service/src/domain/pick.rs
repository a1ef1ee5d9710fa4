//! A choice: which courier, and what spoke for them.

use dispatch_contracts::id::CourierId;
use serde::{Deserialize, Serialize};

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

/// What an assignment was based on, as the log keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inputs {
    /// Open orders of the chosen then.
    pub score: u32,
    /// Who would have been next.
    pub runner_up: Option<CourierId>,
    /// How many could have taken it; nothing where nobody chose among them.
    pub candidates: Option<u32>,
}

impl From<Pick> for Inputs {
    fn from(Pick { score, runner_up, candidates, .. }: Pick) -> Self {
        Self { score, runner_up, candidates: Some(candidates) }
    }
}
