//! Cursors: where a page of a list ended, in the hands of clients.

use courier_service::{couriers, pairs};
use dispatch_contracts::zone::Zone;
use order_service::{domain::history, orders};
use rest::Cursor;
use serde::{Serialize, de::DeserializeOwned};

/// What holds of any text that is passed as a cursor of any list: it is read without a panic and always the same; what was
/// read is a place that a cursor leads to, and leads to again; and what is passed back is fit for a URL as it is.
///
/// # Panics
/// One of that does not hold.
pub fn cursor(token: &str) {
    leads_back::<orders::Position>(token);
    leads_back::<history::Place>(token);
    leads_back::<couriers::Position>(token);
    leads_back::<pairs::Position>(token);
    leads_back::<Zone>(token);
    leads_back::<i64>(token);
}

fn leads_back<P: Serialize + DeserializeOwned>(token: &str) {
    let read = || Cursor::from_token(token.to_owned()).position::<P>().ok();
    let (Some(position), Some(again)) = (read(), read()) else {
        assert!(read().is_none(), "it is read the same each time");
        return;
    };
    let cursor = Cursor::at(&position);
    assert_eq!(cursor, Cursor::at(&again));
    let once_more: P = cursor.position().expect("a cursor of our own is read");
    assert_eq!(Cursor::at(&once_more), cursor);
    let token = cursor.into_token();
    let is_fit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    assert!(!token.is_empty() && token.len() <= 256 && token.bytes().all(is_fit), "{token}");
}

/// The lists that take a cursor, each by what it lists.
#[must_use]
pub fn lists_that_take(cursor: &Cursor) -> Vec<&'static str> {
    let lists = [
        ("orders", cursor.position::<orders::Position>().is_ok()),
        ("history", cursor.position::<history::Place>().is_ok()),
        ("couriers", cursor.position::<couriers::Position>().is_ok()),
        ("pairs", cursor.position::<pairs::Position>().is_ok()),
        ("zones", cursor.position::<Zone>().is_ok()),
        ("events", cursor.position::<i64>().is_ok()),
    ];
    lists.into_iter().filter_map(|(name, takes)| takes.then_some(name)).collect()
}
