//! Zones: the areas within which orders and couriers are matched, and the unit of sharding.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

/// The text is no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} characters of A-Z a-z 0-9 _ . : -", Zone::MAX_LENGTH)]
pub struct InvalidZone;

/// A zone's name: 1 to 64 characters of `A-Z a-z 0-9 _ . : -`.
///
/// Braces are not among them: a zone stands between braces as the hash tag of its Redis keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.:-]+$", example = "S")]
#[serde(transparent)]
pub struct Zone(String);

impl Zone {
    /// Longest name, in characters (all of them ASCII, so also bytes).
    pub const MAX_LENGTH: usize = 64;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Zone {
    type Err = InvalidZone;

    fn from_str(text: &str) -> Result<Self, InvalidZone> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-');
        if (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidZone)
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn limits() {
        for good in ["S", "a.b:c_d-9", &"z".repeat(64)] {
            assert_eq!(good.parse::<Zone>().map(|z| z.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "{S}", "a b", "zoné", "a\n", &"z".repeat(65)] {
            assert_eq!(bad.parse::<Zone>(), Err(InvalidZone), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn never_breaks_out_of_a_hash_tag(text in ".*") {
            if let Ok(zone) = text.parse::<Zone>() {
                let braces = zone.as_str().contains(['{', '}']);
                prop_assert!(!braces);
                prop_assert_eq!(zone.as_str(), text);
            }
        }
    }
}
