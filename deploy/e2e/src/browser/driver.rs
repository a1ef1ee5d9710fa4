//! The chromedriver of this process, and sessions with it.
//!
//! It is started when the first session is asked for, on a port that it chooses itself, and is the head of a process group
//! that all of its browsers belong to. A shell waits until this process is gone, whose end, and nothing else, closes the pipe
//! that it reads from; then it kills the group and removes the folder that the profiles are in.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use fantoccini::{Client, ClientBuilder, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use test_support::{servers::variable, unique};
use tokio::sync::{OnceCell, oneshot};

/// How long it may take until chromedriver listens, and until a browser is there: long enough for a busy machine.
const START: Duration = Duration::from_secs(60);

/// What the shell does: $1 is the group, $2 the folder. Processes that are just being killed may still write there.
const WATCH: &str = r#"read -r _; kill -s KILL -- "-$1"; rm -rf -- "$2" || { sleep 1; rm -rf -- "$2"; }"#;

static DRIVER: OnceCell<Driver> = OnceCell::const_new();

struct Driver {
    url: String,
    /// Never waited for, so that its number, which is that of the group, stays its own.
    _driver: Child,
    /// Holds the pipe.
    _watch: Child,
}

/// A new browser.
///
/// # Errors
/// It does not start.
pub(super) async fn session() -> Result<Client> {
    let driver = DRIVER.get_or_try_init(start).await?;
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(capabilities()?);
    let session = tokio::time::timeout(START, builder.connect(&driver.url));
    session.await.context("no browser in time")?.context("no browser")
}

async fn start() -> Result<Driver> {
    let program = variable("DISPATCH_TEST_CHROMEDRIVER")?;
    let folder = std::env::temp_dir().join(unique::name("dispatch-browsers"));
    fs::create_dir(&folder)?;
    let mut command = Command::new(&program);
    command.arg("--port=0").process_group(0);
    // Profiles, caches and settings: what browsers write goes there. Times and texts do not depend on who runs the tests.
    command.envs(["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"].map(|name| (name, &folder)));
    command.envs([("TZ", "UTC"), ("LC_ALL", "C.UTF-8"), ("LANGUAGE", "en-US")]);
    let driver = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut driver = driver.inspect_err(|_| _ = fs::remove_dir(&folder)).context(program)?;
    let watch = watch(driver.id(), &folder).inspect_err(|_| _ = driver.kill())?;
    let port = listen(driver.stdout.take().context("no output")?);
    let port = tokio::time::timeout(START, port).await.context("chromedriver does not listen")??;
    Ok(Driver { url: format!("http://127.0.0.1:{port}"), _driver: driver, _watch: watch })
}

fn watch(group: u32, folder: &Path) -> Result<Child> {
    let mut shell = Command::new("sh");
    shell.args(["-c", WATCH, "sh", &group.to_string()]).arg(folder);
    // In a group of its own, so that Ctrl-C at a terminal does not end it before its work is done.
    Ok(shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn()?)
}

/// The port that it says it listens on. What else it says is read, too, so that it can go on saying it.
async fn listen(output: ChildStdout) -> Result<u16> {
    let (told, port) = oneshot::channel();
    thread::spawn(move || {
        let mut told = Some(told);
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let port = line.split_once("started successfully on port ");
            let port = port.and_then(|(_, rest)| rest.trim_end_matches('.').parse().ok());
            if let Some((port, told)) = port.zip(told.take_if(|_| port.is_some())) {
                told.send(port).ok();
            }
        }
    });
    let Ok(port) = port.await else { bail!("chromedriver ended at once") };
    Ok(port)
}

fn capabilities() -> Result<Capabilities> {
    let arguments = [
        "--headless=new",
        // Chromium refuses to run as root with its sandbox, and shows here nothing but our own pages.
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1280,900",
        "--no-first-run",
        "--no-proxy-server",
        "--disable-background-networking",
        "--disable-breakpad",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        // A tab behind another one is a page that somebody has open.
        "--disable-background-timer-throttling",
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
    ];
    let wanted = json!({
        "browserName": "chrome",
        "goog:chromeOptions": {"binary": variable("DISPATCH_TEST_CHROMIUM")?, "args": arguments},
        "goog:loggingPrefs": {"browser": "ALL"},
        "timeouts": {"implicit": 0, "pageLoad": 60_000, "script": 60_000},
    });
    let Value::Object(wanted) = wanted else { bail!("no object") };
    Ok(wanted)
}
