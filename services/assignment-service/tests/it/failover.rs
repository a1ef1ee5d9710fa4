//! One server whose failover lost the last writes, or that was replaced by an empty one: the zone heals.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use assignment_service::{choice::RedisSettings, domain::policy::Policy};
use dispatch_contracts::event::Payload;
use redis::Client;
use test_support::{Valkey, eventually, valkey::Connection};
use tokio_util::sync::CancellationToken;

use crate::{
    lives::live,
    load::{Counts, add_to_each, agree, instances, keep_adding, staff},
    world::{World, add_courier, courier_id, zone},
};

async fn world(server: &Valkey) -> Result<(World, RedisSettings)> {
    let settings = RedisSettings::from(Client::open(server.url())?);
    let redis = Connection::Server(server.connection().await?);
    Ok((World::on(settings.clone(), redis, Policy::default()).await?, settings))
}

/// All keys with what they hold.
async fn keep(server: &Valkey) -> Result<BTreeMap<String, Vec<u8>>> {
    let keys: Vec<String> = server.command(&["KEYS", "*"]).await?;
    let mut kept = BTreeMap::new();
    for key in keys {
        let value = server.command(&["DUMP", &key]).await?;
        kept.insert(key, value);
    }
    Ok(kept)
}

/// Sets the server back to what was kept.
async fn set_back(server: &Valkey, kept: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let mut pipeline = redis::pipe();
    pipeline.atomic().cmd("FLUSHALL").ignore();
    for (key, value) in kept {
        pipeline.cmd("RESTORE").arg(key).arg(0).arg(value).ignore();
    }
    Ok(pipeline.query_async(&mut server.connection().await?).await?)
}

#[tokio::test]
async fn a_server_that_lost_the_last_writes_is_reconciled() -> Result<()> {
    let counts = Counts::start();
    let server = Valkey::start(&[]).await?;
    let (world, settings) = world(&server).await?;
    let (instances, zones) = (instances(&world, &settings).await?, [zone("zone")?, zone("zone")?]);
    let leaves = courier_id();
    staff(&instances[0], &zones).await?;
    add_courier(&instances[0], leaves, &zones[0], true).await?;
    let mut early = Vec::new();
    for _ in 0..4 {
        early.extend(add_to_each(&instances[0], &zones).await?);
    }
    let kept = keep(&server).await?;
    // Lost: that somebody left, that some are delivered, who has the later ones.
    add_courier(&instances[1], leaves, &zones[0], false).await?;
    for &order in &early {
        live(&instances[1], order, Payload::OrderDelivered).await?;
    }
    let mut late = BTreeSet::new();
    for _ in 0..4 {
        late.extend(add_to_each(&instances[0], &zones).await?);
    }
    set_back(&server, &kept).await?;
    assert_ne!(world.held(&zones[1]).await?.len(), 4 * late.len(), "it is set back");

    instances[0].reconcile().await?;
    assert_eq!(counts.of(r#"dispatch_choice_corrections_total{of="orders"}"#), (early.len() + late.len()) as u64);
    let (more, ()) = keep_adding(&instances, &zones, 2, async { Ok(()) }).await?;
    let orders: BTreeSet<_> = late.into_iter().chain(more).collect();
    for zone in &zones {
        assert!(!world.scores(zone).await?.contains_key(&leaves), "they left");
    }
    assert_eq!(world.assigned().await?.keys().copied().collect::<BTreeSet<_>>(), orders);
    agree_on_redis(&world, &zones).await?;
    // What is right is left alone.
    let corrected = counts.of(r#"dispatch_choice_corrections_total{of="orders"}"#);
    instances[1].reconcile().await?;
    assert_eq!(counts.of(r#"dispatch_choice_corrections_total{of="orders"}"#), corrected);
    Ok(())
}

async fn agree_on_redis(world: &World, zones: &[dispatch_contracts::zone::Zone]) -> Result<()> {
    let mut held = BTreeMap::new();
    for zone in zones {
        held.extend(world.held(zone).await?);
        let scores: u32 = world.scores(zone).await?.values().sum();
        assert_eq!(scores as usize, world.held(zone).await?.len(), "{zone}");
    }
    assert_eq!(held, world.assigned().await?);
    Ok(())
}

#[tokio::test]
async fn an_empty_server_in_its_place_is_loaded_from_the_facts() -> Result<()> {
    let mut server = Valkey::start(&[]).await?;
    let (mut world, settings) = world(&server).await?;
    let (instances, zones) = (instances(&world, &settings).await?, [zone("zone")?, zone("zone")?]);
    staff(&instances[0], &zones).await?;
    let some = || async { Ok((world.assigned().await?.len() > 10).then_some(())) };
    let happens = async {
        eventually("orders are assigned", some).await?;
        server.replace().await
    };
    let (orders, ()) = keep_adding(&instances, &zones, 3, happens).await?;
    world.redis = Connection::Server(server.connection().await?);
    instances[0].sweep(std::time::Duration::ZERO, &CancellationToken::new()).await?;
    agree(&world, &zones, &orders).await
}

#[tokio::test]
async fn a_server_that_is_a_replica_for_a_while_is_waited_for() -> Result<()> {
    let counts = Counts::start();
    let (server, other) = (Valkey::start(&[]).await?, Valkey::start(&[]).await?);
    let (world, settings) = world(&server).await?;
    let (instances, zones) = (instances(&world, &settings).await?, [zone("zone")?]);
    staff(&instances[0], &zones).await?;
    let port = other.port.to_string();
    let happens = async {
        server.command::<()>(&["REPLICAOF", "127.0.0.1", &port]).await?;
        let told = || async { Ok((counts.of(r#"dispatch_redis_repeats_total{reason="READONLY"}"#) > 0).then_some(())) };
        eventually("instances are told that it is read-only", told).await?;
        server.command::<()>(&["REPLICAOF", "NO", "ONE"]).await
    };
    let (orders, ()) = keep_adding(&instances, &zones, 3, happens).await?;
    agree(&world, &zones, &orders).await
}
