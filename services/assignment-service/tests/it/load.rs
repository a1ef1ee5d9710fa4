//! Orders that keep coming from several instances while something happens to Redis, and what has to hold afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use anyhow::Result;
use assignment_service::{
    choice::{Choice, RedisSettings},
    dispatch::Dispatch,
    domain::policy::Policy,
};
use chrono::TimeDelta;
use dispatch_contracts::{
    id::{CourierId, OrderId},
    zone::Zone,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use test_support::eventually;
use uuid::Uuid;

use crate::world::{PATIENCE, World, add_courier, courier_id, order, order_id};

/// Couriers of each zone.
const COURIERS: usize = 3;

/// Two instances with connections of their own.
pub(crate) async fn instances(world: &World, settings: &RedisSettings) -> Result<Vec<Dispatch>> {
    let mut instances = Vec::new();
    for _ in 0..2 {
        let choice = Choice::wait_for(settings.clone(), &Policy::default(), PATIENCE).await?;
        instances.push(world.instance_with(choice));
    }
    Ok(instances)
}

pub(crate) async fn staff(instance: &Dispatch, zones: &[Zone]) -> Result<()> {
    for zone in zones {
        for _ in 0..COURIERS {
            add_courier(instance, courier_id(), zone, true).await?;
        }
    }
    Ok(())
}

/// Adds a batch with an order for each zone, as often as it takes: a message that was not handled comes again.
pub(crate) async fn add_to_each(instance: &Dispatch, zones: &[Zone]) -> Result<Vec<OrderId>> {
    let new = zones.iter().map(|zone| order(order_id(), zone, 0, TimeDelta::zero()));
    let new = new.collect::<Result<Vec<_>>>()?;
    eventually("a batch is handled", || async { Ok(instance.add_orders(new.clone()).await.ok()) }).await?;
    Ok(new.into_iter().map(|(_, order)| order.order_id).collect())
}

/// Lets each instance add orders until `happens` is over and `after` more batches are handled. Answers all orders.
pub(crate) async fn keep_adding<T>(
    instances: &[Dispatch],
    zones: &[Zone],
    after: usize,
    happens: impl Future<Output = Result<T>>,
) -> Result<(BTreeSet<OrderId>, T)> {
    let (over, is_over) = tokio::sync::watch::channel(false);
    let adding = futures::future::try_join_all(instances.iter().map(|instance| {
        let is_over = is_over.clone();
        async move {
            let (mut all, mut left) = (BTreeSet::new(), after);
            while left > 0 {
                left -= usize::from(*is_over.borrow());
                all.extend(add_to_each(instance, zones).await?);
            }
            anyhow::Ok(all)
        }
    }));
    let happens = async {
        let happened = happens.await?;
        over.send_replace(true);
        anyhow::Ok(happened)
    };
    let (all, happened) = tokio::try_join!(adding, happens)?;
    Ok((all.into_iter().flatten().collect(), happened))
}

/// Every order is assigned, once, and Redis has just what the facts have, with the scores that follow.
pub(crate) async fn agree(world: &World, zones: &[Zone], orders: &BTreeSet<OrderId>) -> Result<()> {
    let assigned = || async { Ok((world.assigned().await?.len() == orders.len()).then_some(())) };
    eventually("all orders are assigned", assigned).await?;
    let published: BTreeMap<OrderId, CourierId> = world.published().await?.into_iter().collect();
    assert_eq!(world.published().await?.len(), orders.len(), "each was published once");
    assert_eq!(&published.keys().copied().collect::<BTreeSet<_>>(), orders);
    for zone in zones {
        let facts = facts(world, zone).await?;
        let is_held = || async { Ok((world.size(zone, "unrecorded").await? == 0).then_some(())) };
        eventually("all is confirmed", is_held).await?;
        assert_eq!(world.held(zone).await?, facts, "{zone}");
        let mut open: BTreeMap<CourierId, u32> = BTreeMap::new();
        for courier in facts.into_values() {
            *open.entry(courier).or_default() += 1;
        }
        let scores = world.scores(zone).await?;
        assert_eq!(scores.len(), COURIERS, "{zone}");
        assert_eq!(scores.into_iter().filter(|(_, score)| *score > 0).collect::<BTreeMap<_, _>>(), open, "{zone}");
        assert_eq!(world.size(zone, "pending").await?, 0, "{zone}");
    }
    Ok(())
}

/// Who has which order of the zone, by the facts.
async fn facts(world: &World, zone: &Zone) -> Result<BTreeMap<OrderId, CourierId>> {
    let rows: Vec<(Uuid, Uuid)> =
        sqlx::query_as("SELECT order_id, courier_id FROM orders WHERE status = 'assigned' AND zone = $1")
            .bind(zone.to_string())
            .fetch_all(&world.pool)
            .await?;
    Ok(rows.into_iter().map(|(order, courier)| (order.into(), courier.into())).collect())
}

/// What is counted on the thread of a test.
pub(crate) struct Counts {
    handle: PrometheusHandle,
    _guard: metrics::LocalRecorderGuard<'static>,
}

impl Counts {
    /// Counts from now on. A test runs on one thread, and so does all that it spawns.
    pub(crate) fn start() -> Self {
        let recorder = Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
        Self { handle: recorder.handle(), _guard: metrics::set_default_local_recorder(recorder) }
    }

    /// What a counter says, whose labels are written as they are for Prometheus.
    pub(crate) fn of(&self, counter: &str) -> u64 {
        let text = self.handle.render();
        let value = text.lines().find_map(|line| line.strip_prefix(counter)?.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    }
}
