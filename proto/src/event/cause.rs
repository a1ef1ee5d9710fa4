//! Why something was decided.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why an order was given to a courier, or taken from one, where it was not simply somebody's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Somebody pinned the order to a courier.
    Manual,
    /// The courier declined it.
    Rejected,
    /// The courier left with the order and did not come back in time.
    CourierLeft,
    /// A reason that this version does not know.
    #[serde(other)]
    Other,
}

impl Cause {
    /// The name on the wire and in the stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Rejected => "rejected",
            Self::CourierLeft => "courier-left",
            Self::Other => "other",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote; what this version does not know is [`Cause::Other`].
    #[must_use]
    pub fn read(text: &str) -> Self {
        let known = [Self::Manual, Self::Rejected, Self::CourierLeft];
        known.into_iter().find(|cause| cause.as_str() == text).unwrap_or(Self::Other)
    }
}
