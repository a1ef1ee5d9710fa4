//! What must be true after a sequence: each store says what the model says.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use assignment_service::{
    domain::replay::{CourierPast, OrderPast},
    facts::Facts,
};
use dispatch_contracts::{
    id::{CourierId, OrderId},
    order::OrderStatus,
    zone::Zone,
};
use events::Incoming;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{play::Cast, referee::Referee, system::System};

/// What a store says of an order.
type Row = (Uuid, String, Option<Uuid>);

/// What may be in a zone's line in Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// What waits, and nothing else.
    Exact,
    /// Also orders that have ended: a drain that is late puts them there, and reconciling takes them out (ARCHITECTURE.md).
    Unreconciled,
}

/// Whether all agree with the model by now; the error says who does not.
///
/// # Errors
/// A server does not answer, or something is not as it must be (yet).
pub async fn agree(system: &System, cast: &Cast, line: Line) -> Result<()> {
    let referee = Referee::judge(&system.facts, cast).await?;
    let expected = expected(cast, &referee);
    let known = "SELECT order_id, status, courier_id FROM orders WHERE order_id = ANY ($1) AND zone IS NOT NULL";
    ensure!(rows(&system.facts, known, cast).await? == expected, "the facts differ from the model: {expected:?}");
    waiting_for_a_reason(cast, &referee)?;
    for zone in &cast.zones {
        redis(system, cast, &referee, zone, line).await.with_context(|| format!("zone {zone}"))?;
    }
    Ok(())
}

/// Whether the log, folded by itself, says what the facts say.
///
/// # Errors
/// PostgreSQL does not answer, or they differ.
pub async fn the_log_says_the_same(system: &System, cast: &Cast) -> Result<()> {
    let facts = Facts::new(system.facts.clone());
    for order in cast.order_ids() {
        for past in facts.past_orders(order.into(), 1).await? {
            let difference = past.difference(OrderPast::difference);
            ensure!(past.is_whole && difference.is_none(), "order {}: {difference:?}", past.id);
        }
    }
    for courier in cast.courier_ids() {
        for past in facts.past_couriers(courier.into(), 1).await? {
            let difference = past.difference(CourierPast::difference);
            ensure!(past.is_whole && difference.is_none(), "courier {}: {difference:?}", past.id);
        }
    }
    Ok(())
}

/// Whether the log has every event that was delivered.
///
/// # Errors
/// PostgreSQL does not answer, or an event is missing.
pub async fn nothing_is_lost(system: &System, cast: &Cast, heard: &[Incoming]) -> Result<()> {
    let referee = Referee::judge(&system.facts, cast).await?;
    let lost: Vec<_> = heard.iter().filter(|event| !referee.logged.contains(&event.event_id)).collect();
    ensure!(lost.is_empty(), "not in the log: {lost:?}");
    Ok(())
}

/// Whether the read models, once they have heard of everything, show what the facts say.
///
/// # Errors
/// A server does not answer, or a read model differs.
pub async fn read_models_agree(system: &System, cast: &Cast) -> Result<()> {
    let referee = Referee::judge(&system.facts, cast).await?;
    let expected = expected(cast, &referee);
    let shown = "SELECT order_id, status, courier_id FROM orders WHERE order_id = ANY ($1) AND added_at IS NOT NULL";
    let orders = rows(&system.orders, shown, cast).await?;
    ensure!(orders == expected, "order-service shows {orders:?}, not {expected:?}");
    let pairs = "SELECT order_id, status, courier_id FROM pairs WHERE order_id = ANY ($1) AND courier_id IS NOT NULL";
    let pairs = rows(&system.couriers, pairs, cast).await?;
    let with_somebody: BTreeSet<Row> = expected.into_iter().filter(|(.., courier)| courier.is_some()).collect();
    ensure!(pairs == with_somebody, "courier-service shows {pairs:?}, not {with_somebody:?}");
    let known: Vec<(Uuid, String, bool, Option<i32>)> =
        sqlx::query_as("SELECT courier_id, zone, is_available, capacity FROM couriers WHERE courier_id = ANY ($1)")
            .bind(cast.courier_ids())
            .fetch_all(&system.couriers)
            .await?;
    let known: BTreeSet<_> = known.into_iter().collect();
    let news = referee.couriers.iter().map(|(courier, (_, news))| {
        let capacity = news.capacity.and_then(|capacity| i32::try_from(capacity.get()).ok());
        (courier.as_uuid(), news.zone.to_string(), news.is_available, capacity)
    });
    ensure!(known == news.collect(), "courier-service knows of couriers {known:?}");
    Ok(())
}

fn expected(cast: &Cast, referee: &Referee) -> BTreeSet<Row> {
    let row = |order: &OrderId| {
        let life = referee.life(*order);
        let courier = life.with.map(|(courier, _)| courier.as_uuid());
        (order.as_uuid(), life.status.to_string(), courier)
    };
    cast.orders.iter().filter(|order| referee.added.contains_key(order)).map(row).collect()
}

async fn rows(pool: &PgPool, query: &'static str, cast: &Cast) -> Result<BTreeSet<Row>> {
    let rows: Vec<Row> = sqlx::query_as(query).bind(cast.order_ids()).fetch_all(pool).await?;
    Ok(rows.into_iter().collect())
}

/// No order waits that somebody could take who has not declined it.
fn waiting_for_a_reason(cast: &Cast, referee: &Referee) -> Result<()> {
    for (order_id, order) in &referee.added {
        if referee.life(*order_id).status != OrderStatus::Pending {
            continue;
        }
        for courier in &cast.couriers {
            let declined = referee.declined.contains(&(*order_id, *courier));
            ensure!(declined || !referee.can_take(*courier, order), "{order_id} waits, and {courier} could take it");
        }
    }
    Ok(())
}

/// Redis has the open orders with their couriers, the line in its order, and each score is the number of open orders.
async fn redis(system: &System, cast: &Cast, referee: &Referee, zone: &Zone, allowed: Line) -> Result<()> {
    let key = |name: &str| format!("{{{zone}}}:{name}");
    let mut redis = system.redis.clone();
    let warm: bool = redis::cmd("HEXISTS").arg(key("meta")).arg("epoch").query_async(&mut redis).await?;
    if !warm {
        // Nothing is known of it, and nothing happened since: it is loaded when it is needed.
        return Ok(());
    }
    let unrecorded: u64 = redis::cmd("HLEN").arg(key("unrecorded")).query_async(&mut redis).await?;
    ensure!(unrecorded == 0, "{unrecorded} picks are unrecorded");

    let held: BTreeMap<String, String> = redis::cmd("HGETALL").arg(key("orders")).query_async(&mut redis).await?;
    let ours = referee.added.values().filter(|order| order.zone == *zone);
    let open = ours
        .clone()
        .filter_map(|order| Some((order.order_id.to_string(), referee.life(order.order_id).holder()?.to_string())));
    let open: BTreeMap<String, String> = open.collect();
    ensure!(held == open, "Redis has {held:?}, the facts {open:?}");

    let mut line: Vec<String> = redis::cmd("ZRANGE").arg(key("pending")).arg(0).arg(-1).query_async(&mut redis).await?;
    if allowed == Line::Unreconciled {
        let ended = |order: &&OrderId| referee.life(**order).status.has_ended();
        let ended: BTreeSet<String> = cast.orders.iter().filter(ended).map(OrderId::to_string).collect();
        line.retain(|order| !ended.contains(order));
    }
    let mut waiting: Vec<_> =
        ours.filter(|order| referee.life(order.order_id).status == OrderStatus::Pending).collect();
    waiting.sort_by_key(|order| (std::cmp::Reverse(order.priority), order.added_at, order.order_id.to_string()));
    let waiting: Vec<String> = waiting.iter().map(|order| order.order_id.to_string()).collect();
    ensure!(line == waiting, "the line is {line:?}, not {waiting:?}");

    for (set, able) in [("couriers", true), ("full", false)] {
        let there: Vec<(String, f64)> =
            redis::cmd("ZRANGE").arg(key(set)).arg(&["0", "-1", "WITHSCORES"]).query_async(&mut redis).await?;
        let there: BTreeSet<(String, usize)> =
            there.into_iter().map(|(courier, score)| (courier, score as usize)).collect();
        let expected = cast.couriers.iter().filter_map(|courier| score(referee, zone, *courier, able));
        let expected: BTreeSet<(String, usize)> = expected.collect();
        ensure!(there == expected, "{set} has {there:?}, not {expected:?}");
    }
    Ok(())
}

/// A courier who is available in the zone, with their score, if they have room, or have not, as asked.
fn score(referee: &Referee, zone: &Zone, courier: CourierId, has_room: bool) -> Option<(String, usize)> {
    let (_, known) = referee.couriers.get(&courier)?;
    let open = referee.open(courier);
    let room = known.capacity.is_none_or(|capacity| open < capacity.get() as usize);
    let here = known.is_available && known.zone == *zone && room == has_room;
    here.then(|| (courier.to_string(), open))
}
