//! Bounded text: the one check behind every free-text value.

/// Checks length and that every store can keep the text.
///
/// Three characters are refused: JSON can carry them, but PostgreSQL cannot store U+0000, and SQS takes neither U+FFFE
/// nor U+FFFF (its API reference, SendMessage).
pub(crate) fn check(text: &str, bytes: std::ops::RangeInclusive<usize>) -> Result<(), String> {
    if !bytes.contains(&text.len()) {
        return Err(format!("must be {} to {} bytes of UTF-8, not {}", bytes.start(), bytes.end(), text.len()));
    }
    if text.contains(['\0', '\u{fffe}', '\u{ffff}']) {
        return Err("must not contain the characters U+0000, U+FFFE and U+FFFF".to_owned());
    }
    Ok(())
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $min:tt..=$max:tt) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, utoipa::ToSchema)]
        #[schema(value_type = String, min_length = $min, max_length = $max)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                crate::text::check(&text, $min..=$max).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::try_from(text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use text;
