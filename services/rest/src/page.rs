//! Pages of a list: `?limit=&cursor=` in, `{items, nextCursor}` out.
//!
//! A cursor is where the page before ended, in a form that clients pass back and do not look into.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, de, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use crate::Problem;

/// Which page is asked for. Read it with `#[serde(flatten)]`-free structs of one's own or as it is.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageRequest {
    /// Most items on the page: 1 to 100; 20 if left out.
    #[serde(default)]
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// `nextCursor` of the page before.
    #[serde(default)]
    pub cursor: Option<Cursor>,
}

/// Most items on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u8);

impl Limit {
    /// The most that may be asked for.
    pub const MAX: u8 = 100;

    /// Rows to read: one more than the page takes, to know whether there is a next one.
    #[must_use]
    pub fn rows(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

impl TryFrom<u32> for Limit {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        match u8::try_from(number) {
            Ok(number @ 1..=Self::MAX) => Ok(Self(number)),
            _ => Err("must be a whole number from 1 to 100"),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A query parameter is text.
        let text = String::deserialize(deserializer)?;
        let number = text.parse::<u32>().map_err(|_| de::Error::custom("must be a whole number from 1 to 100"))?;
        Self::try_from(number).map_err(de::Error::custom)
    }
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Cursor(String);

impl Cursor {
    /// The cursor for a position, such as the sort key of the last item.
    #[must_use]
    pub fn at<P: Serialize>(position: &P) -> Self {
        Self(URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default()))
    }

    /// The cursor that somebody passed back.
    #[must_use]
    pub fn from_token(token: String) -> Self {
        Self(token)
    }

    /// What clients pass back.
    #[must_use]
    pub fn into_token(self) -> String {
        self.0
    }

    /// The position.
    ///
    /// # Errors
    /// It is no cursor of this list.
    pub fn position<P: DeserializeOwned>(&self) -> Result<P, Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok();
        bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| Problem::invalid_field("cursor", "is not a nextCursor of this list"))
    }
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Pass it as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of the rows that were read, [`Limit::rows`] at most.
    pub fn of_rows<P: Serialize>(mut rows: Vec<T>, limit: Limit, position: impl Fn(&T) -> P) -> Self {
        let full = rows.len() > usize::from(limit.0);
        rows.truncate(usize::from(limit.0));
        let next_cursor = rows.last().filter(|_| full).map(|last| Cursor::at(&position(last)));
        Self { items: rows, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_cursor() {
        let limit = Limit::try_from(2).expect("valid");
        let page = Page::of_rows(vec![1, 2, 3], limit, |n| *n);
        assert_eq!((page.items.as_slice(), page.next_cursor.is_some()), ([1, 2].as_slice(), true));
        assert_eq!(page.next_cursor.expect("a cursor").position::<i32>().ok(), Some(2));
        assert!(Page::of_rows(vec![1, 2], limit, |n| *n).next_cursor.is_none());
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        for token in ["", "!", "bm90IGpzb24", "InRleHQi"] {
            assert!(Cursor::from_token(token.to_owned()).position::<i32>().is_err(), "{token}");
        }
    }
}
