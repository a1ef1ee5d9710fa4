//! Connections to the gRPC of another service: made when first used, made again when lost.

use std::time::Duration;

use tonic::{
    Request,
    transport::{Channel, Endpoint},
};
use trace::{Kind, Span, TraceParent};

/// A peer that vanished without a word is noticed after these two together.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads the address of a service, such as `http://localhost:9071`; for `#[arg(value_parser = ...)]`.
///
/// # Errors
/// It is no such address.
pub fn address(text: &str) -> Result<Endpoint, String> {
    let endpoint = Endpoint::from_shared(text.to_owned()).map_err(|error| error.to_string())?;
    let uri = endpoint.uri();
    if uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty()) {
        Ok(endpoint)
    } else {
        Err("must be an address such as http://localhost:9071".to_owned())
    }
}

/// A connection that does nothing until it is used; connecting may take no longer than `connect_within`.
#[must_use]
pub fn lazily(address: &Endpoint, connect_within: Duration) -> Channel {
    address
        .clone()
        .connect_timeout(connect_within)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .connect_lazy()
}

/// The span of a call, which ends when it is dropped; the other service goes on from it.
#[must_use]
pub fn span<T>(request: &mut Request<T>, call: &'static str, cause: TraceParent) -> Span {
    let mut span = Span::start(Kind::Client, call, cause);
    span.set("rpc.system", "grpc");
    if let Ok(traceparent) = span.context().to_string().parse() {
        request.metadata_mut().insert("traceparent", traceparent);
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        assert!(address("http://localhost:9071").is_ok());
        for bad in ["", "localhost:9071", "localhost", "https://localhost:9071", "http://", "http://a b"] {
            assert!(address(bad).is_err(), "{bad:?}");
        }
    }
}
