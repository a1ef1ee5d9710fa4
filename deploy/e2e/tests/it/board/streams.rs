//! The streams that keep pages up to date, over plain HTTP: what is sent, and that who reads slowly, or not at all, or comes with many,
//! hurts nobody.

use std::{collections::BTreeMap, fs};

use anyhow::{Context as _, Result, ensure};
use e2e::{Cell, World, events};
use reqwest::{Client, Response, header};
use serde_json::json;
use test_support::{ServiceProcess, eventually};
use tokio::{io::AsyncWriteExt as _, net::TcpSocket, time::timeout};
use uuid::Uuid;

/// Streams that a process keeps at a time.
const STREAMS: usize = 200;
/// Longer than between two beats, on any machine.
const NEXT: std::time::Duration = std::time::Duration::from_secs(60);

/// What the part about trouble holds while there is none.
const NO_TROUBLE: &str = "<!---->";

/// A stream of one page, and what a browser would show by it.
struct Stream {
    response: Response,
    unread: Vec<u8>,
    /// The newest of each part.
    parts: BTreeMap<String, String>,
    /// The names of those that came, one after the other.
    came: Vec<String>,
}

impl Stream {
    async fn open(client: &Client, process: &ServiceProcess, path: &str) -> Result<Self> {
        let request = client.get(format!("{}{path}", process.http)).header(header::ACCEPT, "text/event-stream");
        let response = request.send().await?;
        ensure!(response.status().as_u16() == 200, "{response:?}");
        let kind = response.headers()[header::CONTENT_TYPE].to_str()?.to_owned();
        ensure!(kind == "text/event-stream", "{kind}");
        Ok(Self { response, unread: Vec::new(), parts: BTreeMap::new(), came: Vec::new() })
    }

    /// Reads the next event; answers its name.
    async fn next(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|two| two == b"\n\n") {
                let event = String::from_utf8(self.unread.drain(..end + 2).collect())?;
                let values = |name: &str| {
                    let lines = event.lines().filter_map(|line| line.strip_prefix(name));
                    lines.map(|value| value.strip_prefix(' ').unwrap_or(value)).collect::<Vec<_>>().join("\n")
                };
                let (name, html) = (values("event:"), values("data:"));
                if name != "beat" {
                    self.came.push(name.clone());
                    self.parts.insert(name.clone(), html);
                }
                return Ok(name);
            }
            let read = timeout(NEXT, self.response.chunk()).await.context("a silent stream")??;
            self.unread.extend(read.context("the stream ended")?);
        }
    }

    /// Reads until a part has this text.
    async fn shows(&mut self, part: &str, text: &str) -> Result<()> {
        while !self.parts.get(part).is_some_and(|html| html.contains(text)) {
            self.next().await?;
        }
        Ok(())
    }

    /// Reads until it was looked for changes, there were none, and nothing of it was late: so many share few connections.
    async fn rests(&mut self) -> Result<()> {
        let rests = async {
            loop {
                let is_beat = self.next().await? == "beat";
                if is_beat && self.parts.get("trouble").is_some_and(|trouble| trouble == NO_TROUBLE) {
                    return Ok(());
                }
            }
        };
        timeout(NEXT, rests).await.context("something is always late")?
    }

    /// Demands that so many beats come and nothing else: in that time it has been looked for changes.
    async fn beats(&mut self, times: usize) -> Result<()> {
        for _ in 0..times {
            let name = self.next().await?;
            ensure!(name == "beat", "{name}: {:?}", self.parts.get(&name));
        }
        Ok(())
    }
}

fn client() -> Result<Client> {
    Ok(Client::builder().no_proxy().build()?)
}

#[tokio::test]
async fn first_comes_everything_and_then_only_what_has_changed() -> Result<()> {
    let cell = Cell::new().await?;
    // A lookup that is late is trouble, and there has to be none, also on a busy machine.
    let processes = cell.start_all_with(&[("LOOKUP_TIMEOUT_MILLISECONDS", "15000")]).await?;
    let world = processes.world(&cell).await?;
    let (client, process) = (client()?, &processes.assignment);
    let courier = Uuid::new_v4();
    let mut zone = Stream::open(&client, process, &format!("/board/zones/{}", world.zone)).await?;
    while zone.parts.len() < 5 {
        zone.next().await?;
    }
    zone.rests().await?;
    let names: Vec<&str> = zone.parts.keys().map(String::as_str).collect();
    assert_eq!(names, ["counts", "couriers", "decisions", "line", "trouble"]);
    // The page has the same parts, with the same content; of trouble there is none.
    let page = client.get(format!("{}/board/zones/{}", process.http, world.zone)).send().await?.text().await?;
    for (name, html) in zone.parts.iter().filter(|(name, _)| *name != "trouble") {
        ensure!(page.contains(&format!("sse-swap=\"{name}\"")) && page.contains(html), "{name}: {html} in {page}");
    }
    // Nothing happens, and nothing is sent but beats.
    zone.beats(3).await?;
    zone.came.clear();
    world.publish(&events::courier(courier, &world.zone, true)).await?;
    zone.shows("couriers", "first_courirer").await?;
    zone.shows("counts", "<dd>1</dd>").await?;
    // A lookup over a new connection may be late on a busy machine; that is over then.
    zone.rests().await?;
    let shown = ["counts", "couriers", "trouble"];
    assert!(zone.came.iter().all(|name| shown.contains(&name.as_str())), "{:?}", zone.came);
    // An order that is of no concern changes nothing here.
    let elsewhere = processes.world(&cell).await?;
    let mut witness = Stream::open(&client, process, &format!("/board/zones/{}", elsewhere.zone)).await?;
    let order = elsewhere.publish_order().await?;
    witness.shows("line", &order.to_string()).await?;
    zone.beats(3).await?;
    processes.stop().await
}

#[tokio::test]
async fn more_streams_than_there_are_places_are_refused_and_places_are_free_again() -> Result<()> {
    let cell = Cell::new().await?;
    let processes = cell.start_all().await?;
    let (client, process) = (client()?, &processes.assignment);
    let path = "/board/events?zone=nobodys";
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        streams.push(Stream::open(&client, process, path).await?);
    }
    let request = || client.get(format!("{}{path}", process.http));
    let refused = request().header(header::ACCEPT, "text/event-stream").send().await?;
    assert_eq!(refused.status().as_u16(), 503);
    assert!(refused.text().await?.contains("Too many browsers are kept up to date."));
    // Pages and everything else are still there, and each stream goes on.
    for url in [path, "/", "/livez", "/zones"] {
        assert_eq!(client.get(format!("{}{url}", process.http)).send().await?.status().as_u16(), 200, "{url}");
    }
    for stream in &mut streams {
        stream.shows("lines", "Nothing.").await?;
        stream.rests().await?;
    }
    streams.truncate(STREAMS / 2);
    eventually("a place is free", || async {
        let again = request().header(header::ACCEPT, "text/event-stream").send().await?;
        Ok((again.status().as_u16() == 200).then_some(()))
    })
    .await?;
    // Who looks does not keep a process from ending.
    processes.stop().await
}

/// Connections that ask for a page and never read a byte of it.
async fn deaf(process: &ServiceProcess, path: &str, count: usize) -> Result<Vec<tokio::net::TcpStream>> {
    let address = process.http.strip_prefix("http://").context("a URL")?;
    let mut connections = Vec::new();
    for _ in 0..count {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        let mut connection = socket.connect(address.parse()?).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n\r\n");
        connection.write_all(request.as_bytes()).await?;
        connections.push(connection);
    }
    Ok(connections)
}

/// KiB in memory; nothing where the system does not tell.
fn memory(process: &ServiceProcess) -> Result<Option<u64>> {
    let id = process.id().context("it has ended")?;
    let Ok(status) = fs::read_to_string(format!("/proc/{id}/status")) else { return Ok(None) };
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(Some(line.trim().trim_end_matches(" kB").parse()?))
}

/// Makes the page of events change so many times, each time with half a megabyte of new details, and sees each change.
async fn change(world: &World, reader: &mut Stream, times: usize) -> Result<()> {
    for _ in 0..times {
        let orders = events::ids(100);
        let bodies = orders.iter().map(|order| {
            let mut event = events::order(*order, &world.zone);
            event["details"] = json!(format!("{order} {}", "d".repeat(4_000)));
            event.to_string()
        });
        world.bus.publish_all(&world.topics.events, &bodies.collect::<Vec<_>>()).await?;
        let last = orders.last().context("an order")?;
        reader.shows("lines", &format!("{last} ddd")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn who_never_reads_costs_no_more_with_time_and_delays_nobody() -> Result<()> {
    const DEAF: usize = 16;
    const CHANGES: usize = 12;
    /// KiB. A queue of what was not read would be four times as much: each change is half a megabyte for each of the deaf.
    const GROWTH: u64 = 24 * 1024;
    let cell = Cell::new().await?;
    let processes = cell.start_all().await?;
    let world = processes.world(&cell).await?;
    let process = &processes.assignment;
    let path = format!("/board/events?zone={}&type=AddOrder", world.zone);
    let mut reader = Stream::open(&client()?, process, &path).await?;
    let silent = deaf(process, &path, DEAF).await?;
    // Until the buffers between here and there are full, and everything has been done once.
    change(&world, &mut reader, CHANGES).await?;
    let before = memory(process)?;
    change(&world, &mut reader, CHANGES).await?;
    let after = memory(process)?;
    println!("KiB before and after {CHANGES} more changes: {before:?}, {after:?}");
    assert!(after <= before.map(|before| before + GROWTH), "from {before:?} to {after:?} KiB");
    drop(silent);
    processes.stop().await
}
