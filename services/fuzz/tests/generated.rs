//! The same checks with generated input: any text at all, and texts that are nearly right.

use chrono::DateTime;
use courier_service::{couriers, pairs};
use dispatch_contracts::{event::TYPES, zone::Zone};
use fuzz::lists_that_take;
use order_service::{domain::history::Place, orders};
use proptest::{prelude::*, sample::select};
use rest::Cursor;
use serde_json::{Value, json};
use uuid::Uuid;

/// What may stand as the type: those that there are, and two that there are not.
fn types() -> Vec<&'static str> {
    TYPES.into_iter().chain(["OrderPainted", ""]).collect()
}

/// The microseconds of the years 1970 to 9998.
fn micros() -> impl Strategy<Value = i64> {
    prop_oneof![0..253_370_764_800_000_000i64, Just(0), Just(253_370_764_799_999_999)]
}

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn zone() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_.:-]{1,64}"
}

/// A time as somebody may write it, also at the ends of what is taken and past them.
fn time() -> impl Strategy<Value = String> {
    let written = "[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9][Tt ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})";
    const ENDS: [&str; 5] = [
        "1969-12-31T23:59:59.9999999Z",
        "9998-12-31T23:59:60Z",
        "9998-12-31T23:59:59-00:01",
        "9999-12-31T23:59:59Z",
        "+12345-01-01T00:00:00Z",
    ];
    prop_oneof![
        micros().prop_map(|micros| DateTime::from_timestamp_micros(micros).expect("a time").to_rfc3339()),
        written,
        select(ENDS.as_slice()).prop_map(str::to_owned),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-2..12i64).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from)
    ]
}

/// What a field may hold: mostly what it should.
fn field(name: &'static str) -> impl Strategy<Value = Value> {
    let fit = match name {
        "type" => select(types()).prop_map(Value::from).boxed(),
        "orderId" | "courierId" | "eventId" => id().prop_map(|id| json!(id)).boxed(),
        "zone" => zone().prop_map(Value::from).boxed(),
        "isAvailable" => any::<bool>().prop_map(Value::from).boxed(),
        "priority" | "capacity" => number().boxed(),
        "cause" => select(["manual", "rejected", "courier-left", "?"].as_slice()).prop_map(Value::from).boxed(),
        "details" | "name" => ".{0,300}".prop_map(Value::from).boxed(),
        _ => time().prop_map(Value::from).boxed(),
    };
    prop_oneof![12 => fit, 1 => Just(Value::Null), 1 => ".*".prop_map(Value::from), 1 => number(), 1 => Just(json!([{}]))]
}

const FIELDS: [&str; 15] = [
    "type",
    "eventId",
    "occurredAt",
    "orderId",
    "courierId",
    "zone",
    "name",
    "isAvailable",
    "capacity",
    "details",
    "priority",
    "addedAt",
    "assignedAt",
    "unassignedAt",
    "cause",
];

/// An object with the fields of events, most of them there.
fn object() -> impl Strategy<Value = Value> {
    let fields =
        FIELDS.map(|name| prop_oneof![4 => field(name).prop_map(move |value| Some((name, value))), 1 => Just(None)]);
    Vec::from(fields)
        .prop_map(|fields| fields.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// What SNS wraps around a body, or nearly.
fn enveloped() -> impl Strategy<Value = Value> {
    let ids = prop_oneof![3 => "[0-9a-f-]{36}", 1 => ".*"];
    (object(), ids, time(), ".{0,40}").prop_map(|(object, id, time, text)| {
        json!({
            "Type": "Notification", "MessageId": id, "TopicArn": text, "Message": object.to_string(), "Timestamp": time,
            "MessageAttributes": {"traceparent": {"Type": "String", "Value": text}},
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_any_text(text in "\\PC*|.*") {
        fuzz::event(&text);
        fuzz::envelope(&text);
        fuzz::cursor(&text);
        fuzz::zone(&text);
    }

    #[test]
    fn of_what_is_nearly_an_event(object in object()) {
        fuzz::event(&object.to_string());
    }

    #[test]
    fn of_what_is_nearly_an_event_in_an_envelope(body in prop_oneof![object(), enveloped()]) {
        fuzz::envelope(&body.to_string());
    }

    #[test]
    fn of_what_is_nearly_a_cursor(value in prop_oneof![object(), number(), time().prop_map(Value::from)]) {
        fuzz::cursor(&Cursor::at(&value).into_token());
    }

    #[test]
    fn of_what_is_nearly_a_zone(text in "[A-Za-z0-9_.:{}/ é-]{0,70}") {
        fuzz::zone(&text);
    }

    /// Each list takes its own cursors and no other's.
    #[test]
    fn a_cursor_leads_to_its_place_in_its_own_list_alone(id in id(), micros in micros(), zone in zone(), seq in any::<i64>()) {
        let at = DateTime::from_timestamp_micros(micros).expect("a time");
        let orders = orders::Position { added_at: at, order_id: id.into() };
        let pairs = pairs::Position { assigned_at: at, order_id: id.into() };
        let place = Place { event_id: Some(id.into()) };
        let zone: Zone = zone.parse().expect("a zone");
        for (list, cursor) in [
            ("orders", Cursor::at(&orders)),
            ("history", Cursor::at(&place)),
            ("history", Cursor::at(&Place { event_id: None })),
            ("couriers", Cursor::at(&couriers::Position { courier_id: id.into() })),
            ("pairs", Cursor::at(&pairs)),
            ("zones", Cursor::at(&zone)),
            ("events", Cursor::at(&seq)),
        ] {
            prop_assert_eq!(lists_that_take(&cursor), [list]);
            fuzz::cursor(&cursor.into_token());
        }
        let back: orders::Position = Cursor::at(&orders).position().expect("a place");
        prop_assert_eq!((back.added_at, back.order_id), (orders.added_at, orders.order_id));
        let back: pairs::Position = Cursor::at(&pairs).position().expect("a place");
        prop_assert_eq!((back.assigned_at, back.order_id), (pairs.assigned_at, pairs.order_id));
    }
}
