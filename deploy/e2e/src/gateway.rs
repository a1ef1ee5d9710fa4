//! An address that stays while what is behind it comes and goes: like the gateway before the containers, and like the network between
//! two machines, which may lose them without a word.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, Result};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    select,
    sync::watch,
    task::JoinSet,
};

/// A running gateway; it ends with the test.
pub struct Gateway {
    /// Where it is, such as `http://127.0.0.1:40001`.
    pub http: String,
    behind: Arc<Mutex<SocketAddr>>,
    /// How many times all connections have been forgotten.
    forgotten: watch::Sender<u32>,
    _running: JoinSet<()>,
}

impl Gateway {
    /// One in front of a URL of a service.
    ///
    /// # Errors
    /// There is no free port, or this is no URL of one.
    pub async fn before(url: &str) -> Result<Self> {
        let behind = Arc::new(Mutex::new(address(url)?));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let http = format!("http://{}", listener.local_addr()?);
        let forgotten = watch::Sender::new(0);
        let mut running = JoinSet::new();
        running.spawn(run(listener, behind.clone(), forgotten.clone()));
        Ok(Self { http, behind, forgotten, _running: running })
    }

    /// New connections go to another URL.
    ///
    /// # Errors
    /// It is none.
    pub fn lead_to(&self, url: &str) -> Result<()> {
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner) = address(url)?;
        Ok(())
    }

    /// From now on nothing comes through the connections that there are, and nobody is told that they are lost.
    pub fn forget(&self) {
        self.forgotten.send_modify(|times| *times += 1);
    }
}

fn address(url: &str) -> Result<SocketAddr> {
    Ok(url.strip_prefix("http://").context("http://")?.parse()?)
}

async fn run(listener: TcpListener, behind: Arc<Mutex<SocketAddr>>, forgotten: watch::Sender<u32>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let behind = *behind.lock().unwrap_or_else(PoisonError::into_inner);
        connections.spawn(pass(client, behind, forgotten.subscribe()));
        while connections.try_join_next().is_some() {}
    }
}

async fn pass(mut client: TcpStream, behind: SocketAddr, mut forgotten: watch::Receiver<u32>) {
    // Where nobody is behind it, the connection is closed.
    let Ok(mut server) = TcpStream::connect(behind).await else { return };
    select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        Ok(()) = forgotten.changed() => {
            drop(server);
            // Held open, and silent, until the test is over.
            std::future::pending::<()>().await;
        }
    }
}
