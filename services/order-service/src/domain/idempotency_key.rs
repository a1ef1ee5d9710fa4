//! The client's name for one request, under which a repetition of it is known.

use std::str::FromStr;

/// An `Idempotency-Key`: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} visible ASCII characters", IdempotencyKey::MAX_LENGTH)]
pub struct InvalidKey;

impl IdempotencyKey {
    /// Longest key, in characters.
    pub const MAX_LENGTH: usize = 255;

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if (1..=Self::MAX_LENGTH).contains(&text.len()) && visible {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidKey)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        for good in ["k", "8e03978e-40d5-43e8-bc93-6894a57f9324", &"!".repeat(255)] {
            assert_eq!(good.parse::<IdempotencyKey>().as_ref().map(IdempotencyKey::as_str), Ok(good));
        }
        for bad in ["", " ", "a b", "ä", "a\t", "\u{7f}", &"k".repeat(256)] {
            assert_eq!(bad.parse::<IdempotencyKey>(), Err(InvalidKey), "{bad:?}");
        }
    }
}
