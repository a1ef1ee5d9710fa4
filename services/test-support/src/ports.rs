//! Free ports.

use std::net::TcpListener;

use anyhow::{Context as _, Result};

/// Loopback ports that nobody listened on just now.
///
/// # Errors
/// There are none.
pub fn free<const N: usize>() -> Result<[u16; N]> {
    // Held all at once, so that they differ.
    let listeners = (0..N).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<Vec<_>, _>>()?;
    let ports = listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect::<Result<Vec<_>>>()?;
    ports.try_into().ok().context("as many as asked for")
}
