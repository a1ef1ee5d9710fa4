//! Whether the couriers whom Redis chose can take the orders, by the facts. Redis may be behind them, or may have forgotten.

use std::collections::{HashMap, HashSet};

use dispatch_contracts::{
    id::{CourierId, OrderId},
    zone::Zone,
};
use sqlx::PgConnection;
use trace::TraceParent;
use uuid::Uuid;

use super::{FactsError, Proposal, couriers};
use crate::domain::{courier::Courier, pick::Pick};

/// A chosen courier who could not take an order of the zone after all.
#[derive(Debug, Clone)]
pub struct Unfit {
    /// What they were chosen for.
    pub order_id: OrderId,
    /// The trace that the order came with, if it came just now; else the facts have it.
    pub trace: Option<TraceParent>,
    /// Where they were chosen.
    pub zone: Zone,
    /// Who.
    pub courier_id: CourierId,
    /// How they are; nothing: nobody has heard of them.
    pub courier: Option<Courier>,
    /// Why.
    pub why: Why,
}

/// Why a courier cannot take an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// They take no orders of this zone (any more).
    Away,
    /// They have as many as they take.
    Full,
    /// They have a limit only since just now, and so are not locked in a way that they could be counted.
    Uncounted,
}

/// Locks the chosen couriers as they are, and answers the picks that hold, in the order of the proposals, and who was unfit.
///
/// A courier with a limit is locked alone: nobody else gives them an order between the counting and the commit.
pub(super) async fn fit(
    transaction: &mut PgConnection,
    proposals: &[Proposal],
) -> Result<(Vec<Option<Pick>>, Vec<Unfit>), FactsError> {
    let chosen: HashSet<CourierId> = proposals.iter().filter_map(|p| Some(p.pick?.courier_id)).collect();
    if chosen.is_empty() {
        return Ok((vec![None; proposals.len()], Vec::new()));
    }
    let ids: Vec<Uuid> = chosen.iter().map(CourierId::as_uuid).collect();
    let limited: HashSet<CourierId> = couriers::read(transaction, &ids)
        .await?
        .iter()
        .filter(|courier| courier.capacity.is_some())
        .map(|courier| courier.courier_id)
        .collect();
    let locks: Vec<_> = chosen.iter().map(|courier| (*courier, limited.contains(courier))).collect();
    couriers::lock(transaction, &locks).await?;
    // A statement of its own: its view begins after the locks were had.
    let known = couriers::read(transaction, &ids).await?;
    let known: HashMap<_, _> = known.into_iter().map(|courier| (courier.courier_id, courier)).collect();
    let assigned = assigned(transaction, proposals, &known).await?;

    let (mut picks, mut unfit, mut given) = (Vec::new(), Vec::new(), HashMap::<CourierId, u32>::new());
    for proposal in proposals {
        let pick = proposal.pick.filter(|pick| {
            let courier = known.get(&pick.courier_id);
            let alone = limited.contains(&pick.courier_id);
            let why = why_not(proposal.zone(), courier, alone, given.get(&pick.courier_id).copied().unwrap_or(0));
            let counted = assigned.contains(&proposal.order_id());
            if counted {
                // Somebody has it: nothing is decided about it here.
                return false;
            }
            if let Some(why) = why {
                let (order_id, trace) = (proposal.order_id(), proposal.cause().map(|(trace, _)| trace));
                let (zone, courier_id) = (proposal.zone().clone(), pick.courier_id);
                unfit.push(Unfit { order_id, trace, zone, courier_id, courier: courier.cloned(), why });
                return false;
            }
            *given.entry(pick.courier_id).or_default() += 1;
            true
        });
        picks.push(pick);
    }
    Ok((picks, unfit))
}

fn why_not(zone: &Zone, courier: Option<&Courier>, alone: bool, given: u32) -> Option<Why> {
    let Some(courier) = courier.filter(|courier| courier.takes_orders_of(zone)) else { return Some(Why::Away) };
    if !alone && courier.capacity.is_some() {
        return Some(Why::Uncounted);
    }
    (!courier.has_room(given)).then_some(Why::Full)
}

/// Which of the orders somebody has already, so that they are counted: asked only where a limit is in question.
async fn assigned(
    transaction: &mut PgConnection,
    proposals: &[Proposal],
    known: &HashMap<CourierId, Courier>,
) -> Result<HashSet<OrderId>, FactsError> {
    if known.values().all(|courier| courier.capacity.is_none()) {
        return Ok(HashSet::new());
    }
    let ids: Vec<Uuid> = proposals.iter().map(|proposal| proposal.order_id().as_uuid()).collect();
    let assigned: Vec<Uuid> =
        sqlx::query_scalar(include_str!("sql/assigned_orders.sql")).bind(ids).fetch_all(transaction).await?;
    Ok(assigned.into_iter().map(OrderId::from).collect())
}
