//! What is said of a courier.

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use crate::text::text;

text!(
    /// A courier's name: 1 to 256 bytes.
    Name, 1..=256
);

/// Most orders that a courier holds at once: 0 to 1,000,000. Where none is given there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[schema(value_type = u32, minimum = 0, maximum = 1_000_000)]
#[serde(transparent)]
pub struct Capacity(u32);

impl Capacity {
    /// The largest that may be asked for.
    pub const MAX: u32 = 1_000_000;

    /// Orders.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<i64> for Capacity {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        match u32::try_from(number) {
            Ok(number @ 0..=Self::MAX) => Ok(Self(number)),
            _ => Err("must be a whole number from 0 to 1000000"),
        }
    }
}

impl<'de> Deserialize<'de> for Capacity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(i64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
