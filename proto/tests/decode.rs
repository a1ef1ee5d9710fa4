//! What breaks the format is named; what is merely unknown is let through.

use dispatch_contracts::event::{DecodeError, Decoded, decode};
use proptest::prelude::*;

const COURIER: &str = "a97261aa-2907-498e-aa24-3bce25590a46";
const ORDER: &str = "b87261aa-2907-498e-aa24-3bce25590a46";

fn order(field: &str, value: serde_json::Value) -> String {
    let mut order = serde_json::json!({
        "orderId": ORDER, "details": "Buy", "zone": "S", "addedAt": "2021-07-18T10:22:10.170682Z",
    });
    order[field] = value;
    order.to_string()
}

fn broken_field(body: &str) -> String {
    match decode(body) {
        Err(DecodeError::Field { field, .. }) => field,
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn a_broken_field_is_named() {
    for (field, value) in [
        ("orderId", serde_json::json!("no-uuid")),
        ("orderId", serde_json::json!("{b87261aa-2907-498e-aa24-3bce25590a46}")),
        ("orderId", serde_json::json!(7)),
        ("zone", serde_json::json!("")),
        ("zone", serde_json::json!("{S}")),
        ("zone", serde_json::json!("z".repeat(65))),
        ("details", serde_json::json!("x".repeat(4097))),
        ("details", serde_json::json!("a\0b")),
        ("details", serde_json::json!("a\u{ffff}")),
        ("details", serde_json::json!(null)),
        ("addedAt", serde_json::json!("yesterday")),
        ("priority", serde_json::json!(10)),
        ("priority", serde_json::json!(-1)),
        ("priority", serde_json::json!(1.5)),
        ("eventId", serde_json::json!("x")),
        ("occurredAt", serde_json::json!(12)),
        ("type", serde_json::json!(12)),
    ] {
        assert_eq!(broken_field(&order(field, value.clone())), field, "{value}");
    }
    assert_eq!(broken_field(&format!(r#"{{"type":"AddCourier","courierId":"{COURIER}"}}"#)), "name");
    assert_eq!(
        broken_field(&format!(r#"{{"courierId":"{COURIER}","name":"a","zone":"S","isAvailable":true,"capacity":-1}}"#)),
        "capacity"
    );
    assert_eq!(
        broken_field(&format!(r#"{{"courierId":"{COURIER}","name":"a","zone":"S","isAvailable":"yes"}}"#)),
        "isAvailable"
    );
}

#[test]
fn details_are_measured_in_bytes() {
    assert!(decode(&order("details", serde_json::json!("ä".repeat(2048)))).is_ok());
    assert_eq!(broken_field(&order("details", serde_json::json!("ä".repeat(2049)))), "details");
}

#[test]
fn what_is_no_event_says_why() {
    assert!(matches!(decode("hello"), Err(DecodeError::NotJson(_))));
    assert!(matches!(decode(&"[".repeat(100_000)), Err(DecodeError::NotJson(_))));
    assert_eq!(decode("[1]"), Err(DecodeError::NotAnObject));
    assert_eq!(decode("{}"), Err(DecodeError::Unrecognised));
    assert_eq!(decode(&format!(r#"{{"orderId":"{ORDER}"}}"#)), Err(DecodeError::Unrecognised));
}

#[test]
fn unknown_types_and_fields_are_let_through() {
    assert_eq!(decode(r#"{"type":"OrderPainted"}"#), Ok(Decoded::UnknownType("OrderPainted".to_owned())));
    assert!(matches!(decode(&order("colour", serde_json::json!({"deep": [1]}))), Ok(Decoded::Event(_))));
}

proptest! {
    #[test]
    fn never_panics(body in ".*") {
        let _ = decode(&body);
    }

    #[test]
    fn what_was_read_is_written_so_that_it_reads_the_same(details in ".{0,200}", priority in 0u8..=9, micros in 0i64..4_000_000_000_000_000) {
        let added_at = chrono::DateTime::from_timestamp_micros(micros).map(dispatch_contracts::timestamp::format);
        let body = serde_json::json!({
            "orderId": ORDER, "details": details, "zone": "S", "addedAt": added_at, "priority": priority,
        }).to_string();
        match decode(&body) {
            Ok(Decoded::Event(event)) => prop_assert_eq!(decode(&event.to_json()), Ok(Decoded::Event(event))),
            other => prop_assert!(details.contains(['\0', '\u{fffe}', '\u{ffff}']) || details.len() > 4096, "{:?}", other),
        }
    }
}
