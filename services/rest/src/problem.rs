//! Errors as RFC 9457 `application/problem+json`, with a `type` slug that clients may rely on.

use std::{error::Error, fmt::Display, iter};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{IntoResponses, ToSchema};

/// Why requests are refused at once, or answered too late.
const SHED: [&str; 5] = ["requests", "outbox", "database", "connections", "timeout"];

/// Shows that none was refused yet: whoever watches a counter sees a first one only if there was a number before it.
pub(crate) fn count_from_zero() {
    for reason in SHED {
        metrics::counter!("dispatch_requests_shed_total", "reason" => reason).increment(0);
    }
}

/// When to try again, in seconds. What keeps a service from answering is mostly over in a moment.
const RETRY_AFTER: u32 = 1;

/// An error answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "invalid-request", "title": "The request is not valid", "status": 400, "detail": "zone: is missing",
    "errors": [{"field": "zone", "reason": "is missing"}]
}))]
pub struct Problem {
    /// Stable slug of the kind of error.
    #[schema(example = "invalid-request")]
    r#type: &'static str,
    /// The kind of error in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Which fields of the request are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// What this kind of error says besides.
    #[serde(flatten)]
    #[schema(ignore)]
    extension: Map<String, Value>,
    #[serde(skip)]
    retry_after: Option<u32>,
}

/// A problem that says more.
// Its shape, for the documentation of endpoints; what is answered is a `Problem` after `extend`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Extended<E> {
    /// What every problem says.
    #[serde(flatten)]
    pub problem: Problem,
    /// What this kind of problem says besides.
    #[serde(flatten)]
    pub extension: E,
}

/// What every endpoint may answer, for its documentation.
#[derive(IntoResponses)]
#[response(
    status = 503,
    description = "Try again after `Retry-After`. `overloaded`: there is too much to do now. `timeout`: the answer took \
        too long. `unavailable`: something that the service needs does not answer. Whether a \
        write took effect may not be known: repeat it with the same id or `Idempotency-Key`",
    content_type = "application/problem+json",
    headers(("Retry-After" = u32, description = "When to try again, in seconds"))
)]
pub struct TryAgain(#[allow(dead_code, reason = "only its schema matters")] Problem);

/// One wrong field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldError {
    /// Its name as it is spelt in the request.
    field: String,
    /// What is wrong with it.
    reason: String,
}

impl Problem {
    /// A problem of a kind of one's own.
    #[must_use]
    pub fn new(status: StatusCode, r#type: &'static str, title: &'static str) -> Self {
        Self {
            r#type,
            title,
            status: status.as_u16(),
            detail: None,
            errors: Vec::new(),
            extension: Map::new(),
            retry_after: None,
        }
    }

    /// Says what happened this time.
    #[must_use]
    pub fn detail(self, detail: impl Display) -> Self {
        Self { detail: Some(detail.to_string()), ..self }
    }

    /// Names a wrong field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, reason: impl Into<String>) -> Self {
        self.errors.push(FieldError { field: field.into(), reason: reason.into() });
        self
    }

    /// Says more, in members of its own; RFC 9457 calls them an extension. Those that every problem has are not for it.
    #[must_use]
    pub fn extend(mut self, extension: &impl Serialize) -> Self {
        if let Ok(Value::Object(members)) = serde_json::to_value(extension) {
            self.extension.extend(members);
        }
        self
    }

    /// 400: a field of the request breaks its format.
    #[must_use]
    pub fn invalid_field(field: impl Into<String>, reason: impl Into<String>) -> Self {
        let (field, reason) = (field.into(), reason.into());
        let detail = format!("{field}: {reason}");
        Self::invalid_request().detail(detail).field(field, reason)
    }

    /// 400: the request breaks its format.
    #[must_use]
    pub fn invalid_request() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-request", "The request is not valid")
    }

    /// 404: no such thing.
    #[must_use]
    pub fn not_found(r#type: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, r#type, title)
    }

    /// 503: something that the service needs is down, or has no time. Logged here, since this is where it is handled.
    #[must_use]
    pub fn unavailable(error: &(dyn Error + 'static)) -> Self {
        if is_pool_exhausted(error) {
            return Self::overloaded("database", "too many requests wait for the database");
        }
        tracing::error!(%error, "a request could not be served");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The service cannot answer now, try again")
            .try_again()
    }

    /// 503: there is too much to do. `reason` is for the metric, where such answers are counted instead of logged: there
    /// may be thousands in a second.
    #[must_use]
    pub(crate) fn overloaded(reason: &'static str, detail: &'static str) -> Self {
        metrics::counter!("dispatch_requests_shed_total", "reason" => reason).increment(1);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "The service has too much to do, try again")
            .detail(detail)
            .try_again()
    }

    /// 503: the answer took too long.
    #[must_use]
    pub(crate) fn timeout() -> Self {
        metrics::counter!("dispatch_requests_shed_total", "reason" => "timeout").increment(1);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "The answer took too long, try again").try_again()
    }

    fn try_again(self) -> Self {
        Self { retry_after: Some(RETRY_AFTER), ..self }
    }
}

/// Whether no connection to the database was free in time: it may be well, and there is too much to do.
fn is_pool_exhausted(error: &(dyn Error + 'static)) -> bool {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    causes.any(|error| matches!(error.downcast_ref(), Some(sqlx::Error::PoolTimedOut)))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Self::unavailable(&error)
    }
}
