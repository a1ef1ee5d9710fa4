//! More orders than a small system can take, over REST and over SNS at the same time.
//!
//! A few thousand requests; or, with `OVERLOAD_SECONDS=180`, as many as there are in that time:
//! `OVERLOAD_SECONDS=180 sh run-e2e.sh -p e2e --test it overload -- --nocapture`.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use e2e::{Cell, World, cell::NOBODY, cell::Processes, events, rest::Answer};
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::json;
use test_support::{ServiceProcess, eventually};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Clients who send the next request as soon as they have an answer, whatever it is.
const CLIENTS: usize = 48;
/// What order-service takes of that at a time.
const SMALL: [(&str, &str); 3] = [("MAX_REQUESTS", "8"), ("DATABASE_CONNECTIONS", "4"), ("MAX_OUTBOX", "300")];
/// Requests of all clients, where no time is set.
const REQUESTS: usize = 4_000;
/// Orders that SNS is given at a time.
const PUBLISHED: usize = 200;
/// How often it is, where no time is set.
const PUBLISHES: usize = 5;
/// What a process may grow by, in KiB: far more than what it may hold at a time takes, far less than what it is sent in minutes.
const GROWTH: u64 = 64 * 1024;

/// When the load ends.
struct Load {
    until: Option<Instant>,
    requests: AtomicUsize,
    publishes: AtomicUsize,
}

impl Load {
    fn from_env() -> Result<Self> {
        let seconds = env::var("OVERLOAD_SECONDS").ok().map(|text| text.parse()).transpose()?;
        let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        Ok(Self { until, requests: AtomicUsize::new(0), publishes: AtomicUsize::new(0) })
    }

    fn goes_on(&self, counted: &AtomicUsize, most: usize) -> bool {
        let before = counted.fetch_add(1, Ordering::Relaxed);
        self.until.map_or(before < most, |until| Instant::now() < until)
    }
}

/// What became of the orders that were asked for over REST.
#[derive(Default)]
struct Asked {
    made: BTreeSet<Uuid>,
    /// They were refused before anything was done.
    refused: BTreeSet<Uuid>,
    /// Whether they were made their answer does not say.
    unknown: BTreeSet<Uuid>,
}

/// One client. Each answer has to be one of those that are documented.
async fn client(world: &World, load: &Load) -> Result<Asked> {
    let mut asked = Asked::default();
    while load.goes_on(&load.requests, REQUESTS) {
        let order = Uuid::new_v4();
        let body = json!({"orderId": order, "details": "Buy", "zone": world.zone});
        let answer = world.orders().post("/orders", &body).await?;
        if answer.status == 201 {
            asked.made.insert(order);
            continue;
        }
        ensure!([429, 503].contains(&answer.status), "{answer:?}");
        let seconds: u32 = answer.header("retry-after").parse().with_context(|| format!("{answer:?}"))?;
        ensure!((1..=60).contains(&seconds), "{answer:?}");
        let slug = answer.json()?["type"].as_str().context("a problem")?.to_owned();
        answer.problem(answer.status, &slug, None)?;
        let list = if slug == "overloaded" { &mut asked.refused } else { &mut asked.unknown };
        list.insert(order);
    }
    Ok(asked)
}

async fn clients(world: &World, load: &Load) -> Result<Asked> {
    let each = try_join_all((0..CLIENTS).map(|_| client(world, load))).await?;
    Ok(each.into_iter().fold(Asked::default(), |mut all, mut one| {
        all.made.append(&mut one.made);
        all.refused.append(&mut one.refused);
        all.unknown.append(&mut one.unknown);
        all
    }))
}

/// Publishes orders as somebody outside does; answers which.
async fn publisher(world: &World, load: &Load) -> Result<BTreeSet<Uuid>> {
    let mut published = BTreeSet::new();
    while load.goes_on(&load.publishes, PUBLISHES) {
        let orders = events::ids(PUBLISHED);
        let bodies: Vec<_> = orders.iter().map(|order| events::order(*order, &world.zone).to_string()).collect();
        world.bus.publish_all(&world.topics.events, &bodies).await?;
        published.extend(orders);
    }
    Ok(published)
}

/// The three processes, as an operator looks at them.
struct Watched<'a>([(&'static str, &'a ServiceProcess); 3]);

impl<'a> Watched<'a> {
    fn new(processes: &'a Processes) -> Self {
        let Processes { order, courier, assignment } = processes;
        Self([("order-service", order), ("courier-service", courier), ("assignment-service", assignment)])
    }

    /// KiB in memory now, of each; nothing where the system does not tell.
    fn memory(&self) -> Result<BTreeMap<&'static str, u64>> {
        let mut memory = BTreeMap::new();
        for (name, process) in self.0 {
            let id = process.id().with_context(|| format!("{name} has ended"))?;
            let Ok(status) = fs::read_to_string(format!("/proc/{id}/status")) else { continue };
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
            memory.insert(name, line.trim().trim_end_matches(" kB").parse()?);
        }
        Ok(memory)
    }

    /// Until `stop`: each can be asked whether it lives and what it counted. Answers the most memory that each had.
    async fn watch(&self, world: &World, stop: &CancellationToken) -> Result<BTreeMap<&'static str, u64>> {
        let mut most = self.memory()?;
        while !stop.is_cancelled() {
            for (name, process) in self.0 {
                for path in ["/livez", "/metrics"] {
                    let answer = Answer::to(world.client().request(Method::GET, format!("{}{path}", process.http)));
                    let answer = answer.await?;
                    ensure!(answer.status == 200, "{name}: {answer:?}");
                }
            }
            for (name, memory) in self.memory()? {
                most.entry(name).and_modify(|most| *most = memory.max(*most));
            }
        }
        Ok(most)
    }
}

/// The orders of the zone that are assigned.
async fn assigned(world: &World) -> Result<BTreeSet<Uuid>> {
    let listed = world.orders().list(&format!("/orders?zone={}&status=assigned&limit=100", world.zone)).await?;
    listed.iter().map(|order| Ok(order["orderId"].as_str().context("an id")?.parse()?)).collect()
}

/// Waits until these orders are assigned, however many they are, as long as they become more.
async fn all_assigned(world: &World, orders: &BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>> {
    let mut left = usize::MAX;
    loop {
        let (now, all) = eventually("more of the orders are assigned", || async {
            let all = assigned(world).await?;
            let now = orders.difference(&all).count();
            Ok((now < left).then_some((now, all)))
        })
        .await?;
        if now == 0 {
            return Ok(all);
        }
        left = now;
    }
}

/// What order-service has counted as refused without doing anything.
async fn refused(world: &World) -> Result<usize> {
    let metrics = world.orders().get("/metrics").await?.body;
    let counted = metrics.lines().filter_map(|line| line.strip_prefix("dispatch_requests_shed_total{reason="));
    let counted = counted.filter(|line| !line.starts_with("\"timeout\""));
    counted.map(|line| Ok(line.rsplit(' ').next().context("a number")?.parse::<usize>()?)).sum()
}

#[tokio::test]
async fn a_load_far_above_capacity_is_refused_in_bounded_memory_and_what_was_accepted_is_worked_off() -> Result<()> {
    let cell = Cell::new().await?;
    let processes = Processes {
        order: cell.start_order_service_with(NOBODY, &SMALL).await?,
        courier: cell.start_courier_service(NOBODY).await?,
        assignment: cell.start_assignment_service().await?,
    };
    let world = processes.world(&cell).await?;
    for couriers in 1..=3 {
        world.publish_courier(couriers).await?;
    }
    // Warm: everything has been done once, by every worker.
    let warm = events::ids(PUBLISHED);
    let bodies: Vec<_> = warm.iter().map(|order| events::order(*order, &world.zone).to_string()).collect();
    world.bus.publish_all(&world.topics.events, &bodies).await?;
    let mut accepted: BTreeSet<_> = warm.into_iter().collect();
    all_assigned(&world, &accepted).await?;
    let watched = Watched::new(&processes);
    let before = watched.memory()?;

    let (load, stop) = (Load::from_env()?, CancellationToken::new());
    let loaded = async {
        let (asked, published) = tokio::try_join!(clients(&world, &load), publisher(&world, &load))?;
        accepted.extend(asked.made.iter().chain(&published));
        let all = all_assigned(&world, &accepted).await?;
        stop.cancel();
        anyhow::Ok((asked, published, all))
    };
    let ((asked, published, all), most) = tokio::try_join!(loaded, watched.watch(&world, &stop))?;
    println!(
        "{} made, {} refused, {} unknown, {} published; KiB: {before:?}, at most {most:?}",
        asked.made.len(),
        asked.refused.len(),
        asked.unknown.len(),
        published.len()
    );
    assert!(!asked.made.is_empty() && !asked.refused.is_empty(), "there was a load, and it was too much");
    for (name, memory) in &most {
        assert!(*memory <= before[name] + GROWTH, "{name}: from {} to {memory} KiB", before[name]);
    }
    // Nothing came of what was refused, and it was counted.
    let more: Vec<_> = all.difference(&accepted).filter(|order| !asked.unknown.contains(order)).collect();
    assert!(more.is_empty(), "{more:?}");
    assert_eq!(refused(&world).await?, asked.refused.len());

    // Afterwards it is as it was before, as soon as the rows of the outbox were counted again.
    cell.quiet().await?;
    eventually("the outbox is empty", || async {
        let metrics = world.orders().get("/metrics").await?.body;
        let waiting = metrics.lines().find_map(|line| line.strip_prefix("dispatch_outbox_waiting "));
        Ok((waiting.context("a count")? == "0").then_some(()))
    })
    .await?;
    let order = Uuid::new_v4();
    world
        .orders()
        .post("/orders", &json!({"orderId": order, "details": "Buy", "zone": world.zone}))
        .await?
        .expect(201)?;
    world.assigned(&[order]).await?;
    cell.quiet().await?;
    processes.order.stop().await?;
    processes.courier.stop().await?;
    processes.assignment.stop().await
}
