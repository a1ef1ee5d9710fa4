//! Extractors like axum's own, whose refusals are [`Problem`]s that name the field.

use std::fmt::Display;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, Uri, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::Problem;

/// A JSON body.
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
        let body = Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                let reason = "is larger than this API takes";
                let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large");
                problem.detail(format!("body: {reason}")).field("body", reason)
            }
            other => Problem::invalid_field("body", other.body_text()),
        })?;
        // The content type is not asked for: there is one format, and plain `curl -d` should work.
        let mut json = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let inner = error.inner();
            let path = error.path().to_string();
            match (path.as_str(), inner.classify()) {
                (_, serde_json::error::Category::Data) => problem_of(&path, &inner.to_string()),
                _ => Problem::invalid_field("body", format!("is not JSON: {inner}")),
            }
        })?;
        json.end().map_err(|error| Problem::invalid_field("body", format!("is not JSON: {error}")))?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        use axum::extract::path::ErrorKind;
        use axum::extract::rejection::PathRejection;

        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => Err(match error.kind() {
                ErrorKind::DeserializeError { key, message, .. } => problem_of(key, message),
                ErrorKind::ParseErrorAtKey { key, expected_type, .. } => {
                    Problem::invalid_field(key, format!("must be {expected_type}"))
                }
                ErrorKind::InvalidUtf8InPathParam { key } => Problem::invalid_field(key, "must be UTF-8"),
                ErrorKind::Message(message) => Problem::invalid_field("path", message.as_str()),
                other => Problem::invalid_field("path", other.to_string()),
            }),
            Err(error) => Err(Problem::invalid_field("path", error.body_text())),
        }
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

fn problem_of(path: &str, reason: &str) -> Problem {
    // serde names a missing or doubled field in its message only.
    let named = reason.split('`').nth(1);
    match (path, named) {
        (".", Some(field)) if reason.starts_with("missing field") => Problem::invalid_field(field, "is missing"),
        (".", _) => Problem::invalid_field("body", reason),
        _ => Problem::invalid_field(path, reason),
    }
}
