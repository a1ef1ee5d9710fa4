//! Who is chosen among those who could take an order.

use std::{str::FromStr, time::Duration};

/// What makes a courier the next one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Selection {
    /// The fewest open orders.
    #[default]
    Score,
    /// The smallest share of their capacity; a courier without a limit has no share of it, and goes first.
    Ratio,
}

impl FromStr for Selection {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "score" => Ok(Self::Score),
            "ratio" => Ok(Self::Ratio),
            _ => Err("must be score or ratio"),
        }
    }
}

/// At most so many assignments in any stretch of time so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How many.
    pub most: u32,
    /// How long.
    pub length: Duration,
}

/// How couriers are chosen. Two processes on one Redis should agree in it: a zone that was loaded under another one is
/// loaded again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What makes a courier the next one.
    pub selection: Selection,
    /// How many assignments a courier may get in a while, if that is limited.
    pub window: Option<Window>,
    /// After how long a courier who declined an order may be asked again, if nobody else takes it.
    pub decline_ttl: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self { selection: Selection::default(), window: None, decline_ttl: Duration::from_secs(300) }
    }
}
