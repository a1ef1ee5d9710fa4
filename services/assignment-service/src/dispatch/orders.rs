//! AddOrder: first the choice, in Redis, then the record of it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use dispatch_contracts::{id::OrderId, zone::Zone};
use events::Incoming;
use trace::{Kind, Span};

use super::{Dispatch, DispatchError, WARM_ATTEMPTS};
use crate::{
    choice::{Chosen, Warm},
    domain::order::Order,
    facts::{Proposal, Source},
};

impl Dispatch {
    /// Assigns orders, or puts them in line.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer; it may be repeated.
    pub async fn add_orders(&self, orders: Vec<(Incoming, Order)>) -> Result<(), DispatchError> {
        let mut seen: HashSet<OrderId> = HashSet::new();
        let (first, again): (Vec<_>, Vec<_>) = orders.into_iter().partition(|(_, order)| seen.insert(order.order_id));
        if first.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let chosen = self.choose(&first, now).await?;
        let mut held = Vec::with_capacity(first.len());
        let mut proposals = Vec::with_capacity(first.len());
        for (new, chosen) in first.into_iter().zip(chosen) {
            let (pick, holder) = match chosen {
                Chosen::Picked(pick) => (Some(pick), Some(pick.courier_id)),
                Chosen::Known(courier_id) => (None, Some(courier_id)),
                Chosen::Nobody => (None, None),
            };
            held.push(holder);
            let assignment_event_id = self.ids.next();
            proposals.push(Proposal { source: Source::Event(Box::new(new)), pick, assignment_event_id });
        }
        self.record(&proposals, &held, now).await?;
        let again: Vec<&Incoming> = again.iter().map(|(event, _)| event).collect();
        self.log(&again).await
    }

    /// A choice for each order, loading the zones that are cold.
    async fn choose(&self, orders: &[(Incoming, Order)], now: DateTime<Utc>) -> Result<Vec<Chosen>, DispatchError> {
        let mut chosen: Vec<Option<Chosen>> = vec![None; orders.len()];
        let mut open: Vec<usize> = (0..orders.len()).collect();
        for _ in 0..WARM_ATTEMPTS {
            let _spans = Span::in_each(Kind::Client, "redis assign_order", open.iter().map(|&p| orders[p].0.trace));
            let asked: Vec<_> = open.iter().map(|&p| (orders[p].1.zone.clone(), orders[p].1.order_id)).collect();
            let answers = self.choice.assign(&asked, now).await?;
            for (&position, answer) in open.iter().zip(answers) {
                if let Warm::Answer(answer) = answer {
                    chosen[position] = Some(answer);
                }
            }
            open.retain(|&position| chosen[position].is_none());
            if open.is_empty() {
                break;
            }
            let cold: HashSet<&Zone> = open.iter().map(|&position| &orders[position].1.zone).collect();
            for zone in cold {
                self.warm(zone).await?;
            }
        }
        let answered = |(chosen, (_, order)): (Option<Chosen>, &(Incoming, Order))| {
            chosen.ok_or_else(|| DispatchError::Cold(order.zone.clone()))
        };
        chosen.into_iter().zip(orders).map(answered).collect()
    }
}
