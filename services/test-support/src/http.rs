//! Asking a REST API, and what it answers.

use anyhow::{Context as _, Result};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::ServiceProcess;

/// An answer: JSON, as all that the APIs say is.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Value,
}

impl Answer {
    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Demands a problem of this status and type, and answers the fields that it names.
    ///
    /// # Errors
    /// It is no such problem.
    pub fn problem(&self, status: u16, slug: &str) -> Result<Vec<&str>> {
        let told = (self.status.as_u16(), self.header("content-type"), self.body["type"].as_str());
        anyhow::ensure!(told == (status, Some("application/problem+json"), Some(slug)), "{self:?}");
        anyhow::ensure!(self.body["status"] == status, "{self:?}");
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().context("a field")).collect()
    }
}

/// Sends a request and reads the answer.
///
/// # Errors
/// The service does not answer, or not in JSON.
pub async fn send(request: RequestBuilder) -> Result<Answer> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await?;
    let body = serde_json::from_str(&text).with_context(|| format!("{status}: {text}"))?;
    Ok(Answer { status, headers, body })
}

impl ServiceProcess {
    /// A request to the service's REST API, to be added to and sent by [`send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        Client::new().request(method, format!("{}{path}", self.http))
    }

    /// GET.
    ///
    /// # Errors
    /// The service does not answer, or not in JSON.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        send(self.request(Method::GET, path)).await
    }

    /// POST of a JSON body.
    ///
    /// # Errors
    /// The service does not answer, or not in JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        send(self.request(Method::POST, path).json(body)).await
    }

    /// PUT of a JSON body.
    ///
    /// # Errors
    /// The service does not answer, or not in JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        send(self.request(Method::PUT, path).json(body)).await
    }
}
