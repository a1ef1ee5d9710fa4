//! What an API takes on. What is beyond is refused at once with 503 and `Retry-After`, so that the rest is answered in
//! time and in bounded memory.
//!
//! Nothing waits in line for a place: whoever is refused now knows it, and may ask another instance.

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tokio::sync::Semaphore;

use crate::Problem;

/// How much an API takes on.
#[derive(Clone)]
pub struct Limits {
    /// Most requests under way at a time.
    pub requests: usize,
    /// Longest that a request may take, its body included.
    pub time: Duration,
    /// Whether what a request writes can be passed on soon; asked before each request that may write.
    pub has_room: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("requests", &self.requests).field("time", &self.time).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Places {
    free: Arc<Semaphore>,
    has_room: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// Lets requests in while there are places for them, and room for what they write.
pub(crate) fn admitting(router: Router, limits: &Limits) -> Router {
    let places = Places { free: Arc::new(Semaphore::new(limits.requests)), has_room: limits.has_room.clone() };
    router.layer(middleware::from_fn_with_state(places, admit))
}

async fn admit(State(places): State<Places>, request: Request, next: Next) -> Response {
    let Ok(_place) = places.free.try_acquire() else {
        return Problem::overloaded("requests", "too many requests are under way").into_response();
    };
    if !request.method().is_safe() && !(places.has_room)() {
        return Problem::overloaded("outbox", "too many events wait to be published").into_response();
    }
    next.run(request).await
}

/// Bounds the time of each request.
pub(crate) fn within_time(router: Router, limits: &Limits) -> Router {
    router.layer(middleware::from_fn_with_state(limits.time, bounded))
}

async fn bounded(State(time): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::timeout().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicBool, Ordering},
    };

    use axum::{
        body::{Body, Bytes, to_bytes},
        http::{Method, StatusCode, header},
        routing::get,
    };
    use futures::stream;
    use tokio::{sync::Notify, task::JoinHandle};
    use tower::ServiceExt as _;
    use utoipa_axum::router::OpenApiRouter;

    use super::*;

    const TIME: Duration = Duration::from_secs(20);

    /// An API that takes two requests at a time, each of which ends when the test says so.
    struct World {
        api: Router,
        /// How many requests the handler has got and the test has not asked for.
        got: Arc<Semaphore>,
        go_on: Arc<Notify>,
        has_room: Arc<AtomicBool>,
    }

    impl World {
        fn new() -> Self {
            let (got, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Notify::new()));
            let has_room = Arc::new(AtomicBool::new(true));
            let (gets, goes_on, room) = (got.clone(), go_on.clone(), has_room.clone());
            let handler = || async move {
                gets.add_permits(1);
                goes_on.notified().await;
            };
            let routes = OpenApiRouter::new().route("/", get(handler.clone()).post(handler));
            let has_room_now = Arc::new(move || room.load(Ordering::Relaxed));
            let api = crate::api::finish(routes, &Limits { requests: 2, time: TIME, has_room: has_room_now });
            Self { api, got, go_on, has_room }
        }

        /// Sends a request that is answered when it is.
        fn send(&self, method: Method, body: Body) -> JoinHandle<Response> {
            let request = Request::builder().method(method).uri("/").body(body).expect("a request");
            let asked = self.api.clone().oneshot(request);
            tokio::spawn(async move { asked.await.unwrap_or_else(|never: Infallible| match never {}) })
        }

        async fn handler_has(&self, requests: u32) {
            self.got.acquire_many(requests).await.expect("it is never closed").forget();
        }
    }

    /// Demands a problem of this kind that says when to try again.
    async fn try_again(answer: JoinHandle<Response>, slug: &str) {
        let answer = answer.await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = to_bytes(answer.into_body(), 4_096).await.expect("a body");
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((&problem["type"], &problem["status"]), (&slug.into(), &503.into()), "{problem}");
    }

    async fn done(answer: JoinHandle<Response>) {
        assert_eq!(answer.await.expect("an answer").status(), StatusCode::OK);
    }

    #[tokio::test(start_paused = true)]
    async fn one_request_too_many_is_refused_at_once_and_the_next_one_taken_again() {
        let world = World::new();
        let first = [world.send(Method::GET, Body::empty()), world.send(Method::POST, Body::from("{}"))];
        world.handler_has(2).await;
        let asked = tokio::time::Instant::now();
        for method in [Method::GET, Method::POST] {
            try_again(world.send(method, Body::from("{}")), "overloaded").await;
        }
        assert_eq!(asked.elapsed(), Duration::ZERO, "nobody waits for a place");
        world.go_on.notify_waiters();
        for answer in first {
            done(answer).await;
        }
        let next = world.send(Method::GET, Body::empty());
        world.handler_has(1).await;
        world.go_on.notify_waiters();
        done(next).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_told_so_and_frees_its_place() {
        let world = World::new();
        for _ in 0..3 {
            let (one, other) = (world.send(Method::GET, Body::empty()), world.send(Method::GET, Body::empty()));
            world.handler_has(2).await;
            let asked = tokio::time::Instant::now();
            try_again(one, "timeout").await;
            try_again(other, "timeout").await;
            assert!(asked.elapsed() <= TIME + Duration::from_millis(1), "{:?}", asked.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_holds_no_place() {
        let world = World::new();
        let slow = || Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let slow: Vec<_> = (0..5).map(|_| world.send(Method::POST, slow())).collect();
        tokio::task::yield_now().await;
        let quick = world.send(Method::POST, Body::from("{}"));
        world.handler_has(1).await;
        world.go_on.notify_waiters();
        done(quick).await;
        for answer in slow {
            try_again(answer, "timeout").await;
        }
    }

    #[tokio::test]
    async fn without_room_only_reading_goes_on() {
        let world = World::new();
        world.has_room.store(false, Ordering::Relaxed);
        try_again(world.send(Method::POST, Body::from("{}")), "overloaded").await;
        let read = world.send(Method::GET, Body::empty());
        world.handler_has(1).await;
        world.go_on.notify_waiters();
        done(read).await;
        world.has_room.store(true, Ordering::Relaxed);
        let write = world.send(Method::POST, Body::from("{}"));
        world.handler_has(1).await;
        world.go_on.notify_waiters();
        done(write).await;
    }

    #[tokio::test]
    async fn whoever_is_turned_away_may_try_again() {
        let limits = Limits { requests: 1, time: TIME, has_room: Arc::new(|| true) };
        let world = World { api: crate::api::turned_away(&limits), ..World::new() };
        try_again(world.send(Method::POST, Body::from("{}")), "overloaded").await;
    }

    #[tokio::test]
    async fn a_pool_without_a_free_connection_is_told_from_a_database_that_fails() {
        #[derive(Debug, thiserror::Error)]
        #[error("wrapped")]
        struct Wrapped(#[from] sqlx::Error);

        for (error, slug) in [(sqlx::Error::PoolTimedOut, "overloaded"), (sqlx::Error::WorkerCrashed, "unavailable")] {
            let problem = Problem::unavailable(&Wrapped(error));
            try_again(tokio::spawn(async { problem.into_response() }), slug).await;
        }
    }
}
