//! Waiting for replicas: a batch goes on when they have it, and also when they do not.

use std::collections::BTreeSet;

use anyhow::Result;
use assignment_service::{choice::RedisSettings, domain::policy::Policy};
use redis::Client;
use test_support::{Valkey, ValkeyCluster, eventually, valkey::Connection};

use crate::{
    load::{Counts, add_to_each, agree, instances, keep_adding, staff},
    world::{World, zone},
};

const SHORT: &str = "dispatch_redis_wait_short_total";

/// How long to wait where the replicas live: longer than it takes on a busy machine.
const PATIENT: u64 = 30_000;
/// And where they are stopped.
const BRIEF: u64 = 1_000;

fn waiting(client: Client, milliseconds: u64) -> RedisSettings {
    RedisSettings { redis_wait_replicas: 1, redis_wait_timeout_milliseconds: milliseconds, ..client.into() }
}

#[tokio::test]
async fn a_batch_waits_for_the_replica_and_goes_on_without_it() -> Result<()> {
    let counts = Counts::start();
    let master = Valkey::start(&[]).await?;
    let replica = Valkey::start(&["--replicaof", "127.0.0.1", &master.port.to_string()]).await?;
    eventually("the replica is in step", || async {
        let info: String = replica.command(&["INFO", "replication"]).await?;
        Ok(info.contains("master_link_status:up").then_some(()))
    })
    .await?;
    let client = Client::open(master.url())?;
    let redis = Connection::Server(master.connection().await?);
    let world = World::on(waiting(client.clone(), PATIENT), redis, Policy::default()).await?;
    let patient = instances(&world, &waiting(client.clone(), PATIENT)).await?;
    let (brief, zones) = (instances(&world, &waiting(client, BRIEF)).await?, [zone("zone")?]);
    staff(&patient[0], &zones).await?;
    let (mut orders, ()) = keep_adding(&patient, &zones, 5, async { Ok(()) }).await?;
    assert_eq!(counts.of(SHORT), 0);
    // What was answered is there: the replica has all orders without being waited for here.
    let there: Vec<String> = replica.command(&["HKEYS", &format!("{{{}}}:orders", zones[0])]).await?;
    let there = there.iter().map(|order| Ok(order.parse()?)).collect::<Result<BTreeSet<_>>>()?;
    assert_eq!(there, orders);

    replica.signal("STOP")?;
    orders.extend(add_to_each(&brief[0], &zones).await?);
    assert!(counts.of(SHORT) > 0);
    replica.signal("CONT")?;
    let acknowledged = || async {
        let before = counts.of(SHORT);
        add_to_each(&brief[1], &zones).await.map(|new| (counts.of(SHORT) == before).then_some(new))
    };
    eventually("the replica has it in time again", acknowledged).await?;
    let orders = world.assigned().await?.into_keys().collect();
    agree(&world, &zones, &orders).await
}

#[tokio::test]
async fn in_a_cluster_a_batch_waits_for_the_replicas_of_all_masters() -> Result<()> {
    let counts = Counts::start();
    let cluster = ValkeyCluster::start(true).await?;
    let client = cluster.clients()?.swap_remove(0);
    let patient = waiting(client.clone(), PATIENT);
    let world = World::on(patient.clone(), cluster.connection().await?, Policy::default()).await?;
    let zones = (0..8).map(|_| zone("zone")).collect::<Result<Vec<_>>>()?;
    let patient = instances(&world, &patient).await?;
    let brief = instances(&world, &waiting(client, BRIEF)).await?;
    staff(&patient[0], &zones).await?;
    let (mut orders, ()) = keep_adding(&patient, &zones, 3, async { Ok(()) }).await?;
    assert_eq!(counts.of(SHORT), 0);
    for node in &cluster.nodes()[3..] {
        node.server.signal("STOP")?;
    }
    orders.extend(add_to_each(&brief[1], &zones).await?);
    assert!(counts.of(SHORT) > 0);
    for node in &cluster.nodes()[3..] {
        node.server.signal("CONT")?;
    }
    agree(&world, &zones, &orders).await
}
