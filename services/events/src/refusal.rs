//! What is told of an order and impossible: counted and logged alike by every service that hears of it.

use std::collections::HashMap;

use dispatch_contracts::{
    event::TYPES,
    id::{CourierId, EventId, OrderId},
    life::Refusal,
};
use trace::TraceParent;

use crate::Incoming;

/// Why events change nothing, as it is counted.
const ALREADY: &str = "already";
const IMPOSSIBLE: &str = "impossible";
const SOMEBODY_ELSE: &str = "somebody-else";

/// Shows that none was refused yet: whoever watches a counter sees a first one only if there was a number before it.
pub(crate) fn count_from_zero() {
    for type_name in TYPES {
        for reason in [ALREADY, IMPOSSIBLE, SOMEBODY_ELSE] {
            metrics::counter!("dispatch_events_refused_total", "type" => type_name, "reason" => reason).increment(0);
        }
    }
}

/// An event that changes nothing.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    /// Which.
    pub event_id: EventId,
    /// Its type.
    pub type_name: &'static str,
    /// The order it is about.
    pub order_id: OrderId,
    /// The courier it names.
    pub courier_id: Option<CourierId>,
    /// Why it changes nothing, as far as is known: later news of what came before it may make it possible.
    pub refusal: Refusal,
}

impl Refused {
    /// Counts each, and logs it unless it repeats what the order is already; `heard` are the events that told of them. Once for
    /// each event, not for each delivery: the caller knows which are new.
    pub fn report<'a>(refused: &[Self], heard: impl IntoIterator<Item = &'a Incoming>) {
        if refused.is_empty() {
            return;
        }
        let traces: HashMap<EventId, TraceParent> =
            heard.into_iter().map(|event| (event.event_id, event.trace)).collect();
        for refused in refused {
            refused.report_one(traces.get(&refused.event_id).copied());
        }
    }

    fn report_one(&self, trace: Option<TraceParent>) {
        let Self { event_id, type_name, order_id, courier_id, refusal } = self;
        let reason = match refusal {
            Refusal::Already(_) => ALREADY,
            Refusal::Impossible(_) => IMPOSSIBLE,
            Refusal::SomebodyElse(_) => SOMEBODY_ELSE,
        };
        metrics::counter!("dispatch_events_refused_total", "type" => *type_name, "reason" => reason).increment(1);
        if matches!(refusal, Refusal::Already(_)) {
            return;
        }
        tracing::info!(
            order.id = %order_id, courier.id = courier_id.map(tracing::field::display), event.id = %event_id,
            trace.id = trace.map(TraceParent::trace_id), kind = type_name, reason = %refusal, "an event changes nothing"
        );
    }
}
