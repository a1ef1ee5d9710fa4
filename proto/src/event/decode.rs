//! Reading an event: strict about what Dispatch needs, blind to what it does not know.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::Value;

use super::{Event, Payload};
use crate::{id::EventId, timestamp};

/// What a body turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// An event that Dispatch knows.
    Event(Event),
    /// An object with a `type` that this version does not know: count it and go on.
    UnknownType(String),
}

/// Why a body can never be understood: it breaks the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No JSON at all.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// JSON, but no object.
    #[error("not a JSON object")]
    NotAnObject,
    /// No `type`, and not the fields that would tell it.
    #[error("no \"type\", and neither courierId with isAvailable nor orderId with details")]
    Unrecognised,
    /// A field is missing or breaks its format.
    #[error("{field}: {reason}")]
    Field {
        /// Which, as it is spelt on the wire.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    #[serde(default)]
    event_id: Option<EventId>,
    #[serde(default, with = "timestamp::option")]
    occurred_at: Option<DateTime<Utc>>,
}

/// Reads the JSON text of one event.
///
/// # Errors
/// The body breaks the format; reading it again would not help.
pub fn decode(body: &str) -> Result<Decoded, DecodeError> {
    let value: Value = serde_json::from_str(body).map_err(|error| DecodeError::NotJson(error.to_string()))?;
    if !value.is_object() {
        return Err(DecodeError::NotAnObject);
    }
    let kind = match value.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Null) | None => kind_by_fields(&value)?.to_owned(),
        Some(_) => {
            return Err(DecodeError::Field { field: "type".to_owned(), reason: "must be a string".to_owned() });
        }
    };
    let Some(payload) = payload(&kind, &value)? else {
        return Ok(Decoded::UnknownType(kind));
    };
    let Envelope { event_id, occurred_at } = read(&value)?;
    Ok(Decoded::Event(Event { event_id, occurred_at, payload }))
}

/// The seed's two messages carry no type.
fn kind_by_fields(value: &Value) -> Result<&'static str, DecodeError> {
    let has = |field| value.get(field).is_some();
    if has("courierId") && has("isAvailable") {
        Ok("AddCourier")
    } else if has("orderId") && has("details") {
        Ok("AddOrder")
    } else {
        Err(DecodeError::Unrecognised)
    }
}

/// What kind of event a body is, without reading all of it: one of a bounded number of names, or nothing.
#[must_use]
pub fn type_name(body: &str) -> Option<&'static str> {
    /// Whether a field is there, whatever its value.
    type There = Option<IgnoredAny>;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Told<'a> {
        #[serde(borrow, default, rename = "type")]
        kind: Option<Cow<'a, str>>,
        courier_id: There,
        is_available: There,
        order_id: There,
        details: There,
    }

    let told: Told = serde_json::from_str(body).ok()?;
    match told.kind.as_deref() {
        Some(kind) => TYPES.into_iter().find(|known| *known == kind),
        None if told.courier_id.is_some() && told.is_available.is_some() => Some("AddCourier"),
        None if told.order_id.is_some() && told.details.is_some() => Some("AddOrder"),
        None => None,
    }
}

/// The names of all types of events.
pub const TYPES: [&str; 8] = [
    "AddCourier",
    "AddOrder",
    "OrderPickedUp",
    "OrderDelivered",
    "OrderCancelled",
    "OrderRejected",
    "OrderAssigned",
    "OrderUnassigned",
];

fn payload(kind: &str, value: &Value) -> Result<Option<Payload>, DecodeError> {
    Ok(Some(match kind {
        "AddCourier" => Payload::AddCourier(read(value)?),
        "AddOrder" => Payload::AddOrder(read(value)?),
        "OrderPickedUp" => Payload::OrderPickedUp(read(value)?),
        "OrderDelivered" => Payload::OrderDelivered(read(value)?),
        "OrderCancelled" => Payload::OrderCancelled(read(value)?),
        "OrderRejected" => Payload::OrderRejected(read(value)?),
        "OrderAssigned" => Payload::OrderAssigned(read(value)?),
        "OrderUnassigned" => Payload::OrderUnassigned(read(value)?),
        _ => return Ok(None),
    }))
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, DecodeError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let reason = error.inner().to_string();
        let path = error.path().to_string();
        match path.as_str() {
            // serde names a missing field in its message only, since there is no place for it in the input.
            "." => missing_field(&reason),
            _ => DecodeError::Field { field: path, reason },
        }
    })
}

fn missing_field(reason: &str) -> DecodeError {
    let field = reason.split('`').nth(1).unwrap_or("body");
    DecodeError::Field { field: field.to_owned(), reason: "is missing".to_owned() }
}
