//! What happens to orders after their assignment: pickups, deliveries, cancellations, rejections. First the facts, then
//! Redis; a freed place goes to whoever waits.

use std::collections::HashMap;

use dispatch_contracts::{event::OrderRejected, id::EventId, life::Refusal};
use events::Incoming;

use super::{Dispatch, DispatchError};

impl Dispatch {
    /// Takes over pickups, deliveries and cancellations.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer; it may be repeated.
    pub async fn live(&self, events: &[&Incoming]) -> Result<(), DispatchError> {
        if events.is_empty() {
            return Ok(());
        }
        let lived = self.facts.live(events).await?;
        note_refused(events, &lived.refused);
        self.follow(lived.updates).await
    }

    /// Takes declined orders back, and looks for somebody else.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer; it may be repeated.
    pub async fn reject(&self, events: &[(&Incoming, &OrderRejected)]) -> Result<(), DispatchError> {
        if events.is_empty() {
            return Ok(());
        }
        let lived = self.facts.reject(events, self.deciding()).await?;
        let all: Vec<&Incoming> = events.iter().map(|(event, _)| *event).collect();
        note_refused(&all, &lived.refused);
        self.follow(lived.updates).await
    }
}

/// Counts what was impossible, and logs it, unless the order was there already.
fn note_refused(events: &[&Incoming], refused: &[(EventId, Refusal)]) {
    let by_id: HashMap<EventId, &Incoming> = events.iter().map(|event| (event.event_id, *event)).collect();
    for (event_id, refusal) in refused {
        let Some(event) = by_id.get(event_id) else { continue };
        let reason = match refusal {
            Refusal::Already(_) => "already",
            Refusal::Impossible(_) => "impossible",
            Refusal::SomebodyElse(_) => "somebody-else",
        };
        let kind = event.payload.type_name();
        metrics::counter!("events_refused_total", "type" => kind, "reason" => reason).increment(1);
        if matches!(refusal, Refusal::Already(_)) {
            continue;
        }
        tracing::info!(
            event.id = %event_id,
            order.id = event.payload.order_id().map(tracing::field::display),
            courier.id = event.payload.courier_id().map(tracing::field::display),
            kind,
            reason = %refusal,
            "refused"
        );
    }
}
