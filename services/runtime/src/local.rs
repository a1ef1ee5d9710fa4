//! Asks the process of this service that runs on this machine, or in this container: `SERVICE healthcheck` and `SERVICE
//! log-level`. An image needs no other program for that.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use axum::{
    body::{self, Body},
    http::{Method, Request, StatusCode},
};
use clap::{ArgMatches, Command, FromArgMatches as _, Subcommand};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(5);
/// Largest answer, in bytes.
const LARGEST: usize = 64 * 1024;

#[derive(Debug, Subcommand)]
enum Action {
    /// Ask whether the service on this machine lives. Exit code 0 says that it does.
    Healthcheck {
        /// Ask whether it is ready, which includes its database, Redis and queues.
        #[arg(long)]
        ready: bool,
    },
    /// Show what the service on this machine logs, or change it until it ends.
    LogLevel {
        /// A level, or directives such as info,messaging=debug.
        directives: Option<String>,
    },
}

/// The service did not answer, or refused.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The arguments cannot be read.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// Nobody listens there, or the connection broke off.
    #[error("{0} does not answer: {1}")]
    NoAnswer(SocketAddr, String),
    /// It answered, and said no.
    #[error("{0}: {1}")]
    Refused(StatusCode, String),
}

/// Adds the subcommands to that of a service. Its setting `http_addr` says where to ask.
#[must_use]
pub fn add_to(service: Command) -> Command {
    Action::augment_subcommands(service).subcommand_negates_reqs(true).args_conflicts_with_subcommands(true)
}

/// Does what the command line asks for, if it asks for one of these.
///
/// # Errors
/// The service does not answer, or refuses.
pub async fn asked(service: &ArgMatches) -> Result<Option<ExitCode>, LocalError> {
    if !matches!(service.subcommand_name(), Some("healthcheck" | "log-level")) {
        return Ok(None);
    }
    let there = service.get_one::<SocketAddr>("http_addr").copied().unwrap_or(([127, 0, 0, 1], 80).into());
    let there = here(there);
    match Action::from_arg_matches(service)? {
        Action::Healthcheck { ready } => {
            ask(there, Method::GET, if ready { "/readyz" } else { "/livez" }, String::new()).await?;
        }
        Action::LogLevel { directives: None } => {
            print!("{}", ask(there, Method::GET, "/log-level", String::new()).await?);
        }
        Action::LogLevel { directives: Some(directives) } => {
            ask(there, Method::PUT, "/log-level", directives).await?;
        }
    }
    Ok(Some(ExitCode::SUCCESS))
}

/// Where what listens on all addresses is reached from here.
fn here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn ask(there: SocketAddr, method: Method, path: &str, body: String) -> Result<String, LocalError> {
    let failed = |error: &dyn ToString| LocalError::NoAnswer(there, error.to_string());
    let request = Request::builder().method(method).uri(path).header("host", there.to_string());
    let request = request.body(Body::from(body)).map_err(|error| failed(&error))?;
    let asked = async {
        let stream = TcpStream::connect(there).await.map_err(|error| failed(&error))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(&error))?;
        let connection = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(connection));
        let answer = sender.send_request(request).await.map_err(|error| failed(&error))?;
        let status = answer.status();
        let text = body::to_bytes(Body::new(answer.into_body()), LARGEST).await.map_err(|error| failed(&error))?;
        drop(connection);
        Ok((status, String::from_utf8_lossy(&text).into_owned()))
    };
    let answered = tokio::time::timeout(ANSWER, asked).await;
    let (status, text) = answered.unwrap_or_else(|_| Err(failed(&format!("nothing within {ANSWER:?}"))))?;
    if status.is_success() { Ok(text) } else { Err(LocalError::Refused(status, text.trim_end().to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_asked_here() {
        for (listens, asked) in
            [("0.0.0.0:9325", "127.0.0.1:9325"), ("[::]:9325", "[::1]:9325"), ("10.0.0.7:9325", "10.0.0.7:9325")]
        {
            assert_eq!(here(listens.parse().expect("an address")), asked.parse().expect("an address"));
        }
    }
}
