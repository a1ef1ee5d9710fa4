//! Free ports on the loopback interface, for servers that are told where to listen.
//!
//! Between the choice of a port and its use nobody of ours takes it: ports come from blocks, and a block is claimed by
//! listening on its first port until the test process ends. Blocks lie below the ports that systems give to outgoing
//! connections and to who asks for any port, and below those of `deploy/local/dispatch_local/ports.py`.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    ops::Range,
    process,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, Result};

const FIRST: u16 = 10_000;
const BLOCK: u16 = 50;
const BLOCKS: u16 = 200;

/// Those of this test process.
static PORTS: Mutex<Ports> = Mutex::new(Ports { blocks: Vec::new() });

/// Loopback ports on which nobody listens, and which no other caller gets, in no test process.
///
/// # Errors
/// There are none.
pub fn free<const N: usize>() -> Result<[u16; N]> {
    let mut ports = PORTS.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = (0..N).map(|_| ports.take()).collect::<Result<Vec<_>>>()?;
    taken.try_into().ok().context("as many as asked for")
}

/// Blocks that were claimed one after the other; what the last one has left is handed out.
struct Ports {
    blocks: Vec<Block>,
}

impl Ports {
    fn take(&mut self) -> Result<u16> {
        loop {
            if let Some(port) = self.blocks.last_mut().and_then(Block::take) {
                return Ok(port);
            }
            self.blocks.push(Block::claim_any().context("no block of ports is free")?);
        }
    }
}

/// Ports in a row that nobody else gets while this lives.
struct Block {
    /// Listens on the first port.
    _claim: TcpListener,
    rest: Range<u16>,
}

impl Block {
    fn claim_any() -> Option<Self> {
        // Test processes begin at different blocks.
        let begin = u16::try_from(process::id() % u32::from(BLOCKS)).unwrap_or_default();
        (0..BLOCKS).find_map(|number| Self::claim((begin + number) % BLOCKS))
    }

    fn claim(number: u16) -> Option<Self> {
        let first = FIRST + number * BLOCK;
        Some(Self { _claim: listen(first)?, rest: first + 1..first + BLOCK })
    }

    /// The next port on which a server could listen.
    fn take(&mut self) -> Option<u16> {
        self.rest.find(|&port| listen(port).is_some())
    }
}

fn listen(port: u16) -> Option<TcpListener> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
    drop(listen()?);
    // On macOS that works although another listens on all interfaces, who answers then.
    let answers = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    if answers { None } else { listen() }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn two_test_processes_never_get_the_same_port() {
        let mut processes = [Ports { blocks: Vec::new() }, Ports { blocks: Vec::new() }];
        let count = 2 * usize::from(BLOCK);
        let ports: Vec<_> =
            (0..count).flat_map(|_| processes.each_mut().map(|ports| ports.take().expect("a port"))).collect();
        assert_eq!(ports.iter().collect::<HashSet<_>>().len(), 2 * count, "{ports:?}");
        assert!(processes.iter().all(|ports| ports.blocks.len() > 1), "a block was used up");
    }

    #[test]
    fn a_port_that_is_in_use_is_passed_over() {
        let mut block = Block::claim_any().expect("a block");
        let rest = block.rest.clone();
        let port = block.take().expect("a port");
        let _used = listen(port).expect("it is free");
        block.rest = rest;
        assert!(block.take().is_some_and(|next| next > port));
    }

    #[test]
    fn a_block_is_claimed_once() {
        let first = Block::claim_any().expect("a block");
        let number = (first.rest.start - FIRST) / BLOCK;
        assert!(Block::claim(number).is_none());
    }
}
