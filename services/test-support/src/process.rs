//! A service as a process of its own: started with settings, asked over its ports, ended by a signal.

use std::{
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tokio::process::{Child, Command};

use crate::{Servers, ports, wait::eventually};

/// Longer than the grace period of a service.
const EXIT: Duration = Duration::from_secs(60);

/// A running service; killed when dropped.
pub struct ServiceProcess {
    child: Child,
    /// Where its REST API is, such as `http://127.0.0.1:40001`.
    pub http: String,
    /// Where its gRPC is.
    pub grpc: String,
}

impl ServiceProcess {
    /// Starts the program on free ports and waits until it is ready.
    ///
    /// # Errors
    /// It cannot be started, ends at once, or is not ready in time.
    pub async fn start(program: &str, servers: &Servers, settings: &[(&str, &str)]) -> Result<Self> {
        Self::start_logging(program, servers, settings, Stdio::inherit()).await
    }

    /// The same, with its log going there.
    ///
    /// # Errors
    /// As [`ServiceProcess::start`].
    pub async fn start_logging(
        program: &str,
        servers: &Servers,
        settings: &[(&str, &str)],
        log: Stdio,
    ) -> Result<Self> {
        let [http, grpc] = ports::free()?.map(|port| format!("127.0.0.1:{port}"));
        let child = Command::new(program)
            .envs([
                ("AWS_ENDPOINT_URL", servers.aws_endpoint.as_str()),
                ("HTTP_ADDR", &http),
                ("GRPC_ADDR", &grpc),
                ("LOG_FORMAT", "text"),
                ("RECEIVE_WAIT_SECONDS", "1"),
            ])
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| program.to_owned())?;
        let mut process = Self { child, http: format!("http://{http}"), grpc: format!("http://{grpc}") };
        process.ready().await?;
        Ok(process)
    }

    async fn ready(&mut self) -> Result<()> {
        let url = format!("{}/readyz", self.http);
        let child = std::sync::Mutex::new(&mut self.child);
        eventually("the service is ready", || {
            let ended = child.lock().map(|mut child| child.try_wait());
            let url = url.clone();
            async move {
                if let Ok(Ok(Some(status))) = ended {
                    bail!("the service ended: {status}");
                }
                let ready = reqwest::get(url).await.is_ok_and(|answer| answer.status().is_success());
                Ok(ready.then_some(()))
            }
        })
        .await
    }

    /// Its process id, until it has ended.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends a signal by its name, such as `TERM`.
    ///
    /// # Errors
    /// The process has ended.
    pub async fn signal(&self, name: &str) -> Result<()> {
        let pid = self.child.id().context("the service has ended")?.to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().await?;
        anyhow::ensure!(sent.success(), "kill -{name} {pid}: {sent}");
        Ok(())
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// It does not end in time.
    pub async fn exited(&mut self) -> Result<ExitStatus> {
        Ok(tokio::time::timeout(EXIT, self.child.wait()).await.context("the service does not end")??)
    }

    /// Ends it as an orchestrator would, and demands that it drained.
    ///
    /// # Errors
    /// It did not end in time, or not well.
    pub async fn stop(mut self) -> Result<()> {
        self.signal("TERM").await?;
        let status = self.exited().await?;
        anyhow::ensure!(status.success(), "the service ended with {status}");
        Ok(())
    }
}
