//! REST and the endpoints of health.
//!
//! There are so many places for connections, and a few spare ones: whoever comes when all places are taken gets one answer
//! there and is let go, so that the process can still be asked whether it lives. With the spare ones taken, too, nothing
//! is accepted until one is free.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo, serve::Listener};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::lingered;
use crate::LoadSettings;

/// Places for connections that are one too many.
const SPARE: usize = 32;
/// How long a connection may send no whole head of a request: longer than load balancers keep one open that nobody uses,
/// so that it is they who close it.
const IDLE: Duration = Duration::from_secs(75);
/// The same in a spare place.
const SPARE_IDLE: Duration = Duration::from_secs(5);
/// Largest head of a request, and most that is read ahead of a body, in bytes.
const BUFFER: usize = 64 * 1024;

/// What is served.
#[derive(Debug, Clone)]
pub struct Http {
    /// To whoever has a place.
    pub router: Router,
    /// To whoever is one too many.
    pub turned_away: Router,
}

impl Http {
    /// An API, what it says to whoever is one too many, and endpoints that both of them get.
    #[must_use]
    pub fn new(both: Router, api: Router, turned_away: Router) -> Self {
        Self { router: api.merge(both.clone()), turned_away: turned_away.merge(both) }
    }
}

/// A connection's place among those that there may be.
struct Place {
    is_spare: bool,
    _permit: OwnedSemaphorePermit,
}

/// Serves HTTP until `stop`, then finishes the requests under way.
///
/// # Errors
/// None: what cannot be accepted is logged, and accepting goes on.
pub async fn http(
    mut listener: TcpListener,
    served: Http,
    load: LoadSettings,
    stop: CancellationToken,
) -> io::Result<()> {
    metrics::counter!("dispatch_connections_turned_away_total").increment(0);
    let places = Arc::new(Semaphore::new(load.max_connections as usize));
    let spare = Arc::new(Semaphore::new(SPARE));
    let (graceful, mut connections) = (GracefulShutdown::new(), JoinSet::new());
    loop {
        let accepted = async {
            let Ok(spare) = spare.clone().acquire_owned().await else { std::future::pending().await };
            // It logs what goes wrong, and rests where it has to.
            let (stream, peer) = Listener::accept(&mut listener).await;
            let own = places.clone().try_acquire_owned();
            (stream, peer, Place { is_spare: own.is_err(), _permit: own.unwrap_or(spare) })
        };
        tokio::select! {
            (stream, peer, place) = accepted => {
                connections.spawn(connection(stream, peer, place, served.clone(), graceful.watcher()));
            }
            Some(_) = connections.join_next() => {}
            () = stop.cancelled() => break,
        }
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = lingered(&load) => {}
    }
    Ok(())
}

async fn connection(stream: TcpStream, peer: SocketAddr, place: Place, served: Http, watcher: Watcher) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).max_buf_size(BUFFER);
    let router = if place.is_spare {
        metrics::counter!("dispatch_connections_turned_away_total").increment(1);
        http.header_read_timeout(SPARE_IDLE).keep_alive(false);
        served.turned_away
    } else {
        http.header_read_timeout(IDLE);
        served.router
    };
    let router = router.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended");
    }
    drop(place);
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const LOAD: LoadSettings =
        LoadSettings { max_requests: 10, max_connections: 2, request_timeout_seconds: 20, max_outbox: 1 };

    async fn serve(stop: &CancellationToken) -> (std::net::SocketAddr, tokio::task::JoinHandle<io::Result<()>>) {
        serve_telling(stop, CancellationToken::new()).await
    }

    /// Tells when a request is there that hangs.
    async fn serve_telling(
        stop: &CancellationToken,
        hangs: CancellationToken,
    ) -> (std::net::SocketAddr, tokio::task::JoinHandle<io::Result<()>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let hang = || async move {
            hangs.cancel();
            pending::<()>().await;
        };
        let router = Router::new().route("/", get(|| async { "in" })).route("/hangs", get(hang));
        let served = Http { router, turned_away: Router::new().fallback(|| async { "away" }) };
        (address, tokio::spawn(http(listener, served, LOAD, stop.clone())))
    }

    /// Asks, and reads what comes until the answer's last word.
    async fn ask(client: &mut TcpStream) -> String {
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
        let mut answer = String::new();
        while !(answer.ends_with("in") || answer.ends_with("away")) {
            let mut bytes = [0; 1_024];
            let read = client.read(&mut bytes).await.expect("an answer");
            assert!(read > 0, "the connection ended: {answer}");
            answer.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        answer
    }

    async fn connect(address: std::net::SocketAddr) -> TcpStream {
        TcpStream::connect(address).await.expect("a connection")
    }

    /// The clock stands still and jumps when there is nothing to do, so this takes no time.
    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_sends_its_request_does_not_keep_a_stopping_server() {
        let stop = CancellationToken::new();
        let (address, server) = serve(&stop).await;
        let mut client = connect(address).await;
        client.write_all(b"GET / HTTP/1.1\r\nHo").await.expect("half a request");
        tokio::time::sleep(IDLE / 2).await;
        assert!(!server.is_finished(), "only a server that stops is in a hurry");
        stop.cancel();
        assert!(matches!(server.await, Ok(Ok(()))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_nothing_loses_its_place() {
        let stop = CancellationToken::new();
        let (address, _server) = serve(&stop).await;
        let mut silent = connect(address).await;
        let mut slow = connect(address).await;
        slow.write_all(b"GET / HTTP/1.1\r\nHo").await.expect("half a request");
        // Both end of themselves.
        for client in [&mut silent, &mut slow] {
            client.read_to_end(&mut Vec::new()).await.expect("the end");
        }
        // A request is on the way for a time.
        tokio::time::resume();
        assert!(ask(&mut connect(address).await).await.ends_with("in"));
    }

    #[tokio::test]
    async fn one_connection_too_many_gets_one_answer_and_the_next_one_a_place_again() {
        let stop = CancellationToken::new();
        let (address, _server) = serve(&stop).await;
        let (mut first, mut second) = (connect(address).await, connect(address).await);
        for client in [&mut first, &mut second] {
            assert!(ask(client).await.ends_with("in"));
        }
        let mut third = connect(address).await;
        let answer = ask(&mut third).await;
        assert!(answer.contains("connection: close") && answer.ends_with("away"), "{answer}");
        assert_eq!(third.read(&mut [0; 1]).await.expect("the end"), 0);
        // Those with a place keep it.
        assert!(ask(&mut first).await.ends_with("in"));
        drop(second);
        loop {
            if ask(&mut connect(address).await).await.ends_with("in") {
                break;
            }
        }
    }

    #[tokio::test]
    async fn a_request_under_way_is_waited_for_and_not_for_ever() {
        let (stop, hangs) = (CancellationToken::new(), CancellationToken::new());
        let (address, server) = serve_telling(&stop, hangs.clone()).await;
        let mut client = connect(address).await;
        client.write_all(b"GET /hangs HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
        hangs.cancelled().await;
        // From here on nothing is on the way any more.
        tokio::time::pause();
        tokio::time::sleep(IDLE * 2).await;
        stop.cancel();
        let stopped = tokio::time::Instant::now();
        assert!(matches!(server.await, Ok(Ok(()))));
        assert!(stopped.elapsed() >= LOAD.request_timeout());
    }
}
