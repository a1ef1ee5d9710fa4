//! Times on the wire: RFC 3339, UTC, microseconds.
//!
//! Use as `#[serde(with = "timestamp")]`. What is read is cut to microseconds and lies in the years 1970 to 9998: that is
//! what every store behind it keeps exactly. 9999 is refused, since whoever writes it means a time without an end, and what
//! follows from an event has to be dated after it.

use chrono::{DateTime, Datelike as _, SecondsFormat, Utc};
use serde::{Deserialize as _, Deserializer, Serializer, de};

/// The time, cut to whole microseconds.
#[must_use]
pub fn to_micros(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

/// As text: `2021-07-18T10:22:10.170682Z`, with as many digits of the second as are needed.
#[must_use]
pub fn format(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn parse(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let time = DateTime::parse_from_rfc3339(text)
        .map_err(|_| "must be an RFC 3339 time such as 2021-07-18T10:22:10.170682Z")?;
    let time = to_micros(time.to_utc());
    if (1970..=9998).contains(&time.year()) { Ok(time) } else { Err("must lie in the years 1970 to 9998") }
}

/// For `#[serde(with = ...)]`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*time))
}

/// For `#[serde(with = ...)]`.
///
/// # Errors
/// Not a text, not RFC 3339, or out of the years 1970 to 9998.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(de::Error::custom)
}

/// The same for a time that may be absent or null; use with `#[serde(default)]`.
pub mod option {
    use super::{DateTime, Deserializer, Serializer, Utc, de, parse};
    use serde::Deserialize as _;

    /// For `#[serde(with = ...)]`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// For `#[serde(with = ...)]`.
    ///
    /// # Errors
    /// Not a text, not RFC 3339, or out of the years 1970 to 9998.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| parse(&text).map_err(de::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_offsets_and_cuts_to_microseconds() {
        let time = parse("2021-07-18T12:22:10.1706829+02:00").map(format);
        assert_eq!(time.as_deref(), Ok("2021-07-18T10:22:10.170682Z"));
        // A leap second is the second after it.
        assert_eq!(parse("2016-12-31T23:59:60Z").map(format).as_deref(), Ok("2017-01-01T00:00:00Z"));
    }

    #[test]
    fn refuses_what_a_store_could_not_keep() {
        for bad in [
            "",
            "2021-07-18",
            "0000-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59Z",
            "+10000-01-01T00:00:00Z",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
