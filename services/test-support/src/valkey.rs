//! A Valkey server of a test's own, to be emptied, paused and killed.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, RedisFuture, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster_async::ClusterConnection,
};

use crate::{ports, servers::variable, unique, wait::eventually};

/// Between the choice of a port and its use somebody else may take it.
pub(crate) const ATTEMPTS: u32 = 5;
/// Long enough for a busy machine.
pub(crate) const RESPONSE: Duration = Duration::from_secs(10);

/// A running server that keeps nothing on disk; killed when dropped, also by a test that panics.
pub struct Valkey {
    child: Child,
    folder: PathBuf,
    settings: Vec<String>,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
}

impl Valkey {
    /// Starts one on a free port, with more settings, such as `--replicaof 127.0.0.1 40001`.
    ///
    /// # Errors
    /// `DISPATCH_TEST_VALKEY_SERVER` is not set, or it does not come up.
    pub async fn start(settings: &[&str]) -> Result<Self> {
        for _ in 0..ATTEMPTS {
            let [port] = ports::free()?;
            if let Some(server) = Self::start_on(port, settings).await? {
                return Ok(server);
            }
        }
        bail!("Valkey did not start {ATTEMPTS} times")
    }

    /// Starts one; nothing when it ended at once, as it does when the port is taken.
    pub(crate) async fn start_on(port: u16, settings: &[&str]) -> Result<Option<Self>> {
        let mut command = Command::new(variable("DISPATCH_TEST_VALKEY_SERVER")?);
        let folder = std::env::temp_dir().join(unique::name("dispatch-valkey"));
        fs::create_dir(&folder)?;
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.args(["--repl-diskless-sync-delay", "0", "--logfile", "log"]).args(settings);
        let child =
            command.current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let settings = settings.iter().copied().map(str::to_owned).collect();
        let child = child.inspect_err(|_| _ = fs::remove_dir(&folder)).context("DISPATCH_TEST_VALKEY_SERVER")?;
        let mut server = Self { child, folder, settings, port };
        let started = std::sync::Mutex::new(&mut server);
        let is_up = eventually("Valkey answers", || {
            let ended = started.lock().is_ok_and(|mut server| server.child.try_wait().is_ok_and(|code| code.is_some()));
            let asked = started.lock().map(|server| (server.child.id(), server.url()));
            async move {
                let (pid, url) = asked.map_err(|_| anyhow::anyhow!("a panic"))?;
                match process_id(&url).await {
                    _ if ended => Ok(Some(false)),
                    Ok(answers) if answers == pid => Ok(Some(true)),
                    _ => Ok(None),
                }
            }
        })
        .await?;
        Ok(is_up.then_some(server))
    }

    /// `redis://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A connection to it.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn connection(&self) -> Result<MultiplexedConnection> {
        connect(&self.url()).await
    }

    /// Runs a command on it.
    ///
    /// # Errors
    /// It does not answer, or answers with an error.
    pub async fn command<T: FromRedisValue>(&self, words: &[&str]) -> Result<T> {
        let (name, args) = words.split_first().context("a command")?;
        let answer = redis::cmd(name).arg(args).query_async(&mut self.connection().await?).await;
        answer.with_context(|| format!("{words:?}"))
    }

    /// Sends it a signal by its name, such as `STOP`.
    ///
    /// # Errors
    /// It has ended.
    pub fn signal(&self, name: &str) -> Result<()> {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status()?;
        anyhow::ensure!(sent.success(), "kill -{name}: {sent}");
        Ok(())
    }

    /// Ends it as a power failure would.
    pub fn kill(&mut self) {
        // An error means that it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }

    /// Puts an empty server into its place.
    ///
    /// # Errors
    /// That one does not come up.
    pub async fn replace(&mut self) -> Result<()> {
        self.kill();
        let settings: Vec<&str> = self.settings.iter().map(String::as_str).collect();
        *self = Self::start_on(self.port, &settings).await?.context("somebody else took the port")?;
        Ok(())
    }
}

impl Drop for Valkey {
    fn drop(&mut self) {
        self.kill();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// A connection to the server at this address; what redis has for connecting and answers is less than a busy machine needs.
///
/// # Errors
/// It does not answer.
pub async fn connect(url: &str) -> Result<MultiplexedConnection> {
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(RESPONSE)).set_response_timeout(Some(RESPONSE));
    Ok(Client::open(url)?.get_multiplexed_async_connection_with_config(&config).await?)
}

async fn process_id(url: &str) -> Result<u32> {
    let mut connection = connect(url).await?;
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
    let pid = info.lines().find_map(|line| line.strip_prefix("process_id:")).context("no process_id")?;
    Ok(pid.trim().parse()?)
}

/// A test's way to look into Redis, whatever it is.
#[derive(Clone)]
pub enum Connection {
    /// To one server.
    Server(MultiplexedConnection),
    /// To a cluster.
    Cluster(ClusterConnection),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Server(connection) => connection.req_packed_command(cmd),
            Self::Cluster(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Server(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        0
    }
}
