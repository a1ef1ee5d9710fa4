//! Reads the whole body before anything else looks at the request.
//!
//! A server that answers while the body is still on its way has to close the connection, and a client that has not
//! noticed yet loses its next request, or even this answer. So no handler can leave a body unread.

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::StreamExt as _;

use crate::Problem;

/// Details are 4 KiB at most, and escaped they may be six times as long.
const LARGEST: usize = 64 * 1024;
/// What is read of a body that is too large, only to be thrown away. Beyond it the connection ends.
const THROWN_AWAY: usize = 4 * 1024 * 1024;

pub(crate) async fn read(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match whole(body).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(refusal) => refusal,
    }
}

async fn whole(body: Body) -> Result<Bytes, Response> {
    let (mut stream, mut bytes, mut size) = (body.into_data_stream(), Vec::new(), 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| Problem::invalid_field("body", error.to_string()).into_response())?;
        size += chunk.len();
        if size > THROWN_AWAY {
            let mut refusal = too_large().into_response();
            refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            return Err(refusal);
        }
        if size <= LARGEST {
            bytes.extend_from_slice(&chunk);
        }
    }
    if size > LARGEST { Err(too_large().into_response()) } else { Ok(bytes.into()) }
}

fn too_large() -> Problem {
    let reason = "is larger than this API takes";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large")
        .detail(format!("body: {reason}"))
        .field("body", reason)
}

#[cfg(test)]
mod tests {
    use axum::{Router, middleware, routing::post};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    /// Sends the requests over one connection, the next one only after the answer to the one before.
    async fn ask(requests: &[String]) -> Vec<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        // The handler does not look at the body.
        let router = Router::new().route("/", post(|| async { "done" })).layer(middleware::from_fn(read));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut answers = Vec::new();
        for request in requests {
            // Byte by byte would do the same: the head is there long before the body.
            let (head, body) = request.split_at(request.find("\r\n\r\n").expect("a head") + 4);
            client.write_all(head.as_bytes()).await.expect("sent");
            tokio::task::yield_now().await;
            client.write_all(body.as_bytes()).await.expect("sent");
            let mut buffer = vec![0; 4_096];
            let read = client.read(&mut buffer).await.expect("an answer");
            answers.push(String::from_utf8_lossy(&buffer[..read]).into_owned());
        }
        answers
    }

    fn request(size: usize) -> String {
        format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n{}", "x".repeat(size))
    }

    #[tokio::test]
    async fn a_body_that_is_refused_or_never_looked_at_costs_no_connection() {
        let answers =
            ask(&[request(10), request(LARGEST + 1), request(LARGEST), request(THROWN_AWAY), request(0)]).await;
        let statuses: Vec<&str> = answers.iter().filter_map(|answer| answer.split(' ').nth(1)).collect();
        assert_eq!(statuses, ["200", "413", "200", "413", "200"]);
        assert!(answers.iter().all(|answer| !answer.contains("connection: close")));
    }
}
