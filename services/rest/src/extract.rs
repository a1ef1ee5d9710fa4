//! Extractors like axum's own, whose refusals are [`Problem`]s that name the field.

use std::fmt::Display;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{HeaderMap, Uri, request::Parts},
};
use serde::de::{
    DeserializeOwned,
    value::{self, MapDeserializer},
};

use crate::Problem;

/// A JSON object as body.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// The parameters of the path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// The parameters behind the question mark.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        // It is here already, and bounded: see `body`.
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|rejection| Problem::invalid_field("body", rejection.body_text()))?;
        // serde would read an array as the fields of a struct, by their places.
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            return Err(Problem::invalid_field("body", "must be a JSON object"));
        }
        // The content type is not asked for: there is one format, and plain `curl -d` should work.
        let mut json = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let inner = error.inner();
            let path = error.path().to_string();
            match (path.as_str(), inner.classify()) {
                (_, serde_json::error::Category::Data) => problem_of(&path, without_place(&inner.to_string())),
                _ => Problem::invalid_field("body", format!("is not JSON: {inner}")),
            }
        })?;
        json.end().map_err(|error| Problem::invalid_field("body", format!("is not JSON: {error}")))?;
        Ok(Self(value))
    }
}

/// A struct with a field for each parameter; axum's own names no field when a value is refused.
impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let parameters = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::invalid_field("path", rejection.body_text()))?;
        let values = MapDeserializer::<_, value::Error>::new(parameters.iter());
        serde_path_to_error::deserialize(values)
            .map(Self)
            .map_err(|error| problem_of(&error.path().to_string(), &error.inner().to_string()))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        query(&parts.uri).map(Self)
    }
}

fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
        let path = error.path().to_string();
        problem_of(&path, &error.inner().to_string())
    })
}

/// A header's value, read by `read`; nothing when the header is not there.
///
/// # Errors
/// It is there more than once, is no visible ASCII, or `read` refuses it.
pub fn header<T, E: Display>(
    headers: &HeaderMap,
    name: &'static str,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::invalid_field(name, "is there more than once"));
    }
    let text = value.to_str().map_err(|_| Problem::invalid_field(name, "must be visible ASCII"))?;
    read(text).map(Some).map_err(|error| Problem::invalid_field(name, error.to_string()))
}

/// The field says better where the error is than line and column do.
fn without_place(reason: &str) -> &str {
    reason.rsplit_once(" at line ").map_or(reason, |(reason, _)| reason)
}

fn problem_of(path: &str, reason: &str) -> Problem {
    // serde names a missing or doubled field in its message only.
    let named = reason.split('`').nth(1);
    match (path, named) {
        (".", Some(field)) if reason.starts_with("missing field") => Problem::invalid_field(field, "is missing"),
        (".", Some(field)) if reason.starts_with("duplicate field") => {
            Problem::invalid_field(field, "is there more than once")
        }
        (".", _) => Problem::invalid_field("body", reason),
        _ => Problem::invalid_field(path, reason),
    }
}
