//! REST: requests that go to the instances of a service in turn, and what was answered.

use anyhow::{Context as _, Result, ensure};
use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use serde_json::Value;

use crate::system::Instances;

/// The REST API of a service.
#[derive(Debug, Clone, Copy)]
pub struct Api<'a> {
    client: &'a Client,
    instances: &'a Instances<String>,
}

impl<'a> Api<'a> {
    /// The API behind these URLs.
    #[must_use]
    pub fn new(client: &'a Client, instances: &'a Instances<String>) -> Self {
        Self { client, instances }
    }

    /// A request to the next instance; the path begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.instances.next()))
    }

    /// GET
    ///
    /// # Errors
    /// No answer came.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// POST with a JSON body
    ///
    /// # Errors
    /// No answer came.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        Answer::to(self.request(Method::POST, path).json(body)).await
    }

    /// PUT with a JSON body
    ///
    /// # Errors
    /// No answer came.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        Answer::to(self.request(Method::PUT, path).json(body)).await
    }

    /// All items of a list, page by page; the path has a question mark in it.
    ///
    /// # Errors
    /// No answer came, or it is no page.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{cursor}")).await?.expect(200)?;
            items.extend(page["items"].as_array().context("no items")?.iter().cloned());
            match next(&page) {
                Some(token) => cursor = format!("&cursor={token}"),
                None => return Ok(items),
            }
        }
    }
}

/// The cursor of the next page, if there is one.
#[must_use]
pub fn next(page: &Value) -> Option<&str> {
    page["nextCursor"].as_str()
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
    /// Where to, for messages.
    asked: String,
}

impl Answer {
    /// Sends a request.
    ///
    /// # Errors
    /// No answer came.
    pub async fn to(request: RequestBuilder) -> Result<Self> {
        let (client, request) = request.build_split();
        let request = request?;
        let asked = format!("{} {}", request.method(), request.url());
        let response = client.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, body: response.text().await?, asked })
    }

    /// A header, empty if it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// It is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("{}: {}", self.asked, self.body))
    }

    /// The body of an answer with this status.
    ///
    /// # Errors
    /// It has another status, or is no JSON.
    pub fn expect(&self, status: u16) -> Result<Value> {
        ensure!(self.status == status, "{}: {}, not {status}: {}", self.asked, self.status, self.body);
        self.json()
    }

    /// Demands that this is a problem of this kind, as RFC 9457 has it, which names this field and no other.
    ///
    /// # Errors
    /// It is not.
    pub fn problem(&self, status: u16, slug: &str, field: Option<&str>) -> Result<()> {
        let problem = self.expect(status)?;
        let named: Option<Vec<&str>> = problem["errors"]
            .as_array()
            .map(|errors| errors.iter().filter_map(|error| error["field"].as_str()).collect());
        let reasons = problem["errors"].as_array().into_iter().flatten();
        let said = self.header("content-type") == "application/problem+json"
            && problem["type"] == slug
            && problem["status"] == status
            && problem["title"].as_str().is_some_and(|title| !title.is_empty())
            && named.unwrap_or_default() == field.into_iter().collect::<Vec<_>>()
            && reasons.into_iter().all(|error| error["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
        ensure!(said, "{}: not the problem {slug} of {field:?}: {:?} {problem}", self.asked, self.headers);
        Ok(())
    }
}
