//! The body of an event.

use dispatch_contracts::{
    event::{DecodeError, Decoded, Event, decode},
    timestamp,
};
use serde_json::{Value, json};

/// Far more than the largest event takes with all of its text escaped, and far less than the 256 KiB that SNS takes.
const LARGEST: usize = 32 * 1024;
/// A field that no event has.
const UNKNOWN: &str = "a field of a later version";

/// What holds of any body: it is read without a panic and always the same; what was read is written so that it reads the
/// same, and so that SNS and SQS take it; and a field that nobody knows changes nothing.
///
/// # Panics
/// One of that does not hold.
pub fn event(body: &str) {
    let decoded = decode(body);
    assert_eq!(decode(body), decoded, "it is read the same each time");
    if let Ok(Decoded::Event(event)) = &decoded {
        writes(event);
    }
    if let Err(DecodeError::Field { field, reason }) = &decoded {
        assert!(!field.is_empty() && !reason.is_empty(), "the broken field is named: {decoded:?}");
    }
    if let Ok(Value::Object(mut object)) = serde_json::from_str(body) {
        object.insert(UNKNOWN.to_owned(), json!({"deep": [1, null, {}]}));
        let more = decode(&Value::Object(object).to_string());
        // A reason may quote a number, and numbers are written anew; what came of it is the same.
        assert!(more == decoded || more.is_err() && decoded.is_err(), "{decoded:?}, and with a field more {more:?}");
    }
}

fn writes(event: &Event) {
    let written = event.to_json();
    assert_eq!(decode(&written), Ok(Decoded::Event(event.clone())), "{written}");
    assert!(written.len() <= LARGEST, "{} bytes", written.len());
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    let is_taken = |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    assert!(written.chars().all(is_taken), "SQS refuses it: {written}");
    let times = event.occurred_at.map(timestamp::format);
    assert!(times.is_none_or(|time| time.ends_with('Z') && time.len() <= "9999-12-31T23:59:59.999999Z".len()));
}
