//! The table of metrics is true: what the code counts is in it, and what it has is what the services serve.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use e2e::{World, events};
use reqwest::Method;
use serde_json::json;
use test_support::eventually;
use uuid::Uuid;

/// A line of the table.
#[derive(Debug)]
struct Entry {
    kind: String,
    labels: BTreeSet<String>,
    services: String,
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the table has, by name. The metrics of the process itself stand below it.
fn table() -> Result<BTreeMap<String, Entry>> {
    let text = fs::read_to_string(checkout().join("deploy/observability/METRICS.md"))?;
    let mut table = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, labels, services, _meaning] = cells.as_slice() else { anyhow::bail!("five cells: {line}") };
        let labels = labels.split(", ").filter(|label| !label.is_empty()).map(str::to_owned).collect();
        let entry = Entry { kind: (*kind).to_owned(), labels, services: (*services).to_owned() };
        let earlier = table.insert(name.trim_matches('`').to_owned(), entry);
        ensure!(earlier.is_none(), "twice: {line}");
    }
    for name in text.split('`').filter(|word| word.starts_with("process_")) {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        let entry = Entry { kind: kind.to_owned(), labels: BTreeSet::new(), services: "all".to_owned() };
        table.insert(name.to_owned(), entry);
    }
    Ok(table)
}

/// The files of services with this ending, outside of folders of this name.
fn files(ending: &str, passed_over: &str) -> Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![checkout().join("services")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != passed_over) {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                files.push(path);
            }
        }
    }
    ensure!(!files.is_empty(), "no .{ending}");
    Ok(files)
}

/// All names of metrics in the code of services.
fn in_code() -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for path in files("rs", "tests")? {
        let text = fs::read_to_string(&path)?;
        names.extend(text.split('"').filter(|word| is_metric(word)).map(str::to_owned));
    }
    Ok(names)
}

fn is_metric(word: &str) -> bool {
    let is_ours = ["dispatch_", "http_server_", "rpc_server_"].iter().any(|prefix| word.starts_with(prefix));
    is_ours && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[test]
fn what_the_code_counts_is_in_the_table_and_nothing_else() -> Result<()> {
    let documented: BTreeSet<String> = table()?.into_keys().filter(|name| is_metric(name)).collect();
    assert_eq!(in_code()?, documented);
    Ok(())
}

#[test]
fn each_statement_begins_with_its_name() -> Result<()> {
    for path in files("sql", "migrations")? {
        let name = path.file_stem().context("a name")?.to_string_lossy();
        let text = fs::read_to_string(&path)?;
        ensure!(text.starts_with(&format!("-- {name}: ")), "{}", path.display());
    }
    Ok(())
}

/// A family of series, as a service serves it.
#[derive(Debug, Default)]
struct Served {
    kind: String,
    labels: BTreeSet<String>,
}

/// Reads Prometheus's text format as far as it is used here.
fn read(text: &str) -> BTreeMap<String, Served> {
    let mut families: BTreeMap<String, Served> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            let (family, kind) = family.split_once(' ').unwrap_or_default();
            name = family.to_owned();
            families.entry(name.clone()).or_default().kind = kind.to_owned();
        } else if !line.starts_with('#')
            && let Some((_, labels)) = line.split_once('{')
        {
            // A value may have a comma or an equals sign in it, a name never has.
            let labels = labels.split("=\"").filter_map(|part| part.rsplit(['"', ',', '{']).next());
            let labels = labels.filter(|label| !label.is_empty() && !label.contains('}') && *label != "le");
            families.entry(name.clone()).or_default().labels.extend(labels.map(str::to_owned));
        }
    }
    families
}

#[tokio::test]
async fn what_is_served_is_as_the_table_says() -> Result<()> {
    let (world, table) = (World::new().await?, table()?);
    let (courier, order) = (Uuid::new_v4(), Uuid::new_v4());
    let registered = json!({"name": "One", "zone": world.zone, "capacity": 1});
    world.couriers().put(&format!("/couriers/{courier}"), &registered).await?.expect(201)?;
    world.available(1).await?;
    let made = json!({"orderId": order, "details": "Buy", "zone": world.zone});
    world.orders().post("/orders", &made).await?.expect(201)?;
    assert_eq!(world.assigned(&[order]).await?[&order], courier);
    // Full since they were registered: injected news and an injected order are taken in by no order of their own.
    let waiting = Uuid::new_v4();
    world.publish(&events::limited(courier, &world.zone, 1)).await?;
    world.publish(&events::order(waiting, &world.zone)).await?;
    world.waits(waiting).await?;

    // What goes wrong, or seldom happens, is counted from zero; so each is there as soon as the service has done its work.
    let soon = |name: &str| !LATER.iter().any(|later| name.starts_with(later));
    for (service, urls) in [
        ("order-service", &world.system.order.http),
        ("courier-service", &world.system.courier.http),
        ("assignment-service", &world.system.assignment.http),
    ] {
        let expected: BTreeSet<&String> = table
            .iter()
            .filter(|(name, entry)| soon(name) && (entry.services == "all" || entry.services.contains(service)))
            .map(|(name, _)| name)
            .collect();
        let served = eventually("all is served", || async {
            let mut served = BTreeMap::new();
            for url in urls.each() {
                let answer = world.client().request(Method::GET, format!("{url}/metrics")).send().await?;
                served.extend(read(&answer.error_for_status()?.text().await?));
            }
            Ok(expected.iter().all(|name| served.contains_key(*name)).then_some(served))
        });
        for (name, family) in served.await.with_context(|| format!("{service}: {expected:?}"))? {
            let entry = table.get(&name).with_context(|| format!("{service} serves {name}: {family:?}"))?;
            assert!(entry.services == "all" || entry.services.contains(service), "{service}: {name}");
            assert_eq!((&family.kind, &family.labels), (&entry.kind, &entry.labels), "{service}: {name}");
        }
    }
    world.publish(&events::step("OrderCancelled", waiting)).await
}

#[tokio::test]
async fn requests_to_the_board_are_measured_as_all_others() -> Result<()> {
    let world = World::new().await?;
    let (name, route) = ("http_server_request_duration_seconds_count", r#"route="/board/orders/{order_id}""#);
    let count = async || world.counted(&world.system.assignment, name, &[r#"method="GET""#, route]).await;
    let before = count().await?;
    world.client().get(format!("{}/board/orders/{}", world.board(), Uuid::new_v4())).send().await?;
    ensure!(count().await? > before, "{before}");
    Ok(())
}

/// What is not there before something has happened that this test need not have seen: a label has a value that nobody knows before.
const LATER: [&str; 3] = ["dispatch_redis_repeats_total", "http_server_", "rpc_server_"];
