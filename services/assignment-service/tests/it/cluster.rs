//! A Redis Cluster of three masters: many zones, a slot that moves under load, a master that dies under load.

use std::time::Duration;

use anyhow::Result;
use assignment_service::{
    choice::{Choice, RedisSettings},
    domain::policy::Policy,
};
use dispatch_contracts::zone::Zone;
use test_support::{Servers, ValkeyCluster, eventually, valkey_cluster::Node};

use crate::{
    load::{Counts, add_to_each, agree, instances, keep_adding, staff},
    world::{World, zone},
};

/// As an operator would give it: all nodes, or the address of one, which stands for the configuration endpoint.
fn settings(cluster: &ValkeyCluster, seeds: usize) -> Result<RedisSettings> {
    let one = RedisSettings::from(cluster.clients()?.swap_remove(0));
    Ok(RedisSettings { redis_url: cluster.clients()?.into_iter().take(seeds).collect(), ..one })
}

async fn world(cluster: &ValkeyCluster, settings: &RedisSettings) -> Result<World> {
    World::on(settings.clone(), cluster.connection().await?, Policy::default()).await
}

async fn slot_of(cluster: &ValkeyCluster, zone: &Zone) -> Result<u16> {
    cluster.nodes()[0].server.command(&["CLUSTER", "KEYSLOT", &format!("{{{zone}}}:meta")]).await
}

/// So many zones of each master.
async fn zones(cluster: &ValkeyCluster, of_each: usize) -> Result<Vec<Zone>> {
    let mut zones: [Vec<Zone>; 3] = Default::default();
    while zones.iter().any(|zones| zones.len() < of_each) {
        let zone = zone("zone")?;
        let master = cluster.master_of(slot_of(cluster, &zone).await?, 0).await?;
        if zones[master].len() < of_each {
            zones[master].push(zone);
        }
    }
    // Those of different masters side by side in a batch.
    Ok((0..of_each).flat_map(|number| zones.iter().map(move |zones| zones[number].clone())).collect())
}

#[tokio::test]
async fn zones_on_all_masters_are_served_in_batches_across_them() -> Result<()> {
    let cluster = ValkeyCluster::start(false).await?;
    let settings = settings(&cluster, 1)?;
    let world = world(&cluster, &settings).await?;
    let (instances, zones) = (instances(&world, &settings).await?, zones(&cluster, 4).await?);
    staff(&instances[0], &zones).await?;
    let (orders, ()) = keep_adding(&instances, &zones, 8, async { Ok(()) }).await?;
    agree(&world, &zones, &orders).await?;
    for node in cluster.nodes() {
        let keys: u64 = node.server.command(&["DBSIZE"]).await?;
        assert!(keys > 0, "no zone is there");
    }
    // Emptied: every zone is cold, and loaded from the facts.
    for node in cluster.nodes() {
        node.server.command::<()>(&["FLUSHALL"]).await?;
    }
    let mut orders = orders;
    orders.extend(add_to_each(&instances[1], &zones).await?);
    agree(&world, &zones, &orders).await
}

#[tokio::test]
async fn a_slot_that_moves_key_by_key_under_load_loses_nothing() -> Result<()> {
    let counts = Counts::start();
    let cluster = ValkeyCluster::start(false).await?;
    let settings = settings(&cluster, 3)?;
    let world = world(&cluster, &settings).await?;
    let (instances, zones) = (instances(&world, &settings).await?, zones(&cluster, 2).await?);
    staff(&instances[0], &zones).await?;
    let (orders, ()) = keep_adding(&instances, &zones, 5, move_by_key(&cluster, &zones[0], &counts)).await?;
    agree(&world, &zones, &orders).await
}

/// To the next master, with the slot half moved for as long as it takes until somebody is told so.
async fn move_by_key(cluster: &ValkeyCluster, zone: &Zone, counts: &Counts) -> Result<()> {
    let slot = slot_of(cluster, zone).await?;
    let from = cluster.master_of(slot, 0).await?;
    let (source, target) = (&cluster.nodes()[from], &cluster.nodes()[(from + 1) % 3]);
    let slot = slot.to_string();
    target.server.command::<()>(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source.id]).await?;
    source.server.command::<()>(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target.id]).await?;
    migrate(source, target, &slot, 2).await?;
    let told = || async { Ok((counts.of(r#"dispatch_redis_repeats_total{reason="TRYAGAIN"}"#) > 0).then_some(())) };
    eventually("somebody is told to try again", told).await?;
    while migrate(source, target, &slot, 100).await? > 0 {}
    for node in [target, source] {
        node.server.command::<()>(&["CLUSTER", "SETSLOT", &slot, "NODE", &target.id]).await?;
    }
    Ok(())
}

/// Moves up to so many keys of a slot, and answers how many there were.
async fn migrate(source: &Node, target: &Node, slot: &str, most: usize) -> Result<usize> {
    let keys: Vec<String> = source.server.command(&["CLUSTER", "GETKEYSINSLOT", slot, &most.to_string()]).await?;
    let port = target.server.port.to_string();
    for key in &keys {
        source.server.command::<()>(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]).await?;
    }
    Ok(keys.len())
}

#[tokio::test]
async fn a_slot_that_moves_in_one_piece_under_load_loses_nothing() -> Result<()> {
    let cluster = ValkeyCluster::start(false).await?;
    let help: Vec<String> = cluster.nodes()[0].server.command(&["CLUSTER", "HELP"]).await?;
    if !help.iter().any(|line| line.starts_with("MIGRATESLOTS")) {
        eprintln!("skipped: another server than Valkey 9 or newer was chosen");
        return Ok(());
    }
    let settings = settings(&cluster, 3)?;
    let world = world(&cluster, &settings).await?;
    let (instances, zones) = (instances(&world, &settings).await?, zones(&cluster, 2).await?);
    staff(&instances[0], &zones).await?;
    let (orders, ()) = keep_adding(&instances, &zones, 5, move_at_once(&cluster, &zones[0])).await?;
    agree(&world, &zones, &orders).await
}

/// To the next master, as Valkey does it since version 9.
async fn move_at_once(cluster: &ValkeyCluster, zone: &Zone) -> Result<()> {
    let slot = slot_of(cluster, zone).await?;
    let from = cluster.master_of(slot, 0).await?;
    let to = (from + 1) % 3;
    let (source, target) = (&cluster.nodes()[from].server, &cluster.nodes()[to]);
    let number = slot.to_string();
    source.command::<()>(&["CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", &number, &number, "NODE", &target.id]).await?;
    eventually("the slot has moved", || async { Ok((cluster.master_of(slot, from).await? == to).then_some(())) }).await
}

#[tokio::test]
async fn a_master_that_dies_under_load_with_writes_that_its_replica_lacks_loses_nothing() -> Result<()> {
    let counts = Counts::start();
    a_master_goes(End::AheadOfItsReplica).await?;
    assert!(
        counts.of(r#"dispatch_choice_corrections_total{of="orders"}"#) > 0,
        "the promoted replica lacked something"
    );
    Ok(())
}

#[tokio::test]
async fn a_master_that_hangs_under_load_loses_nothing() -> Result<()> {
    a_master_goes(End::Hanging).await
}

enum End {
    /// It is killed.
    AheadOfItsReplica,
    /// It takes connections and answers nothing.
    Hanging,
}

async fn a_master_goes(end: End) -> Result<()> {
    let mut cluster = ValkeyCluster::start(true).await?;
    let settings = settings(&cluster, 6)?;
    let mut world = world(&cluster, &settings).await?;
    let (instances, zones) = (instances(&world, &settings).await?, zones(&cluster, 2).await?);
    staff(&instances[0], &zones).await?;
    let slot = slot_of(&cluster, &zones[0]).await?;
    let master = cluster.master_of(slot, 0).await?;
    let replica = master + 3;
    let (world_now, cluster_now) = (&world, &mut cluster);
    let more = |than: usize| async move { Ok((world_now.assigned().await?.len() > than).then_some(())) };
    let happens = async move {
        eventually("orders are assigned", || more(50)).await?;
        match end {
            End::AheadOfItsReplica => {
                let nodes = cluster_now.nodes_mut();
                nodes[replica].server.signal("STOP")?;
                nodes[master].server.command::<u64>(&["CLIENT", "KILL", "TYPE", "replica"]).await?;
                let assigned = world_now.assigned().await?.len();
                eventually("more are, which the replica does not hear of", || more(assigned + 20)).await?;
                nodes[master].server.kill();
                nodes[replica].server.signal("CONT")?;
            }
            End::Hanging => cluster_now.nodes()[master].server.signal("STOP")?,
        }
        let asked = (master + 1) % 3;
        let promoted = || async { Ok((cluster_now.master_of(slot, asked).await? == replica).then_some(())) };
        eventually("the replica is promoted", promoted).await
    };
    let (orders, ()) = keep_adding(&instances, &zones, 5, happens).await?;
    instances[0].reconcile().await?;
    // The test's own connection may still wait for the one that hangs.
    world.redis = cluster.connection_by(&[(master + 1) % 3, (master + 2) % 3]).await?;
    agree(&world, &zones, &orders).await
}

#[tokio::test]
async fn several_addresses_that_are_no_cluster_are_refused() -> Result<()> {
    let client = redis::Client::open(Servers::from_env()?.redis_url)?;
    let settings = RedisSettings { redis_url: vec![client.clone(), client.clone()], ..client.into() };
    let refused = Choice::wait_for(settings, &Policy::default(), Duration::from_secs(60)).await.err();
    assert!(refused.is_some_and(|error| error.to_string().contains("several addresses")));
    Ok(())
}
