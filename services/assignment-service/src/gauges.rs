//! Shows how the zones are: what waits, who could take it, how evenly it is spread. The zones that were heard of first have series
//! of their own, the others one together, so that there are never more series than were asked for, and none stops being measured.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use dispatch_contracts::zone::Zone;
use runtime::Clock;
use tokio_util::sync::CancellationToken;

use crate::{
    choice::{Choice, Warm, ZoneNumbers},
    dispatch::DispatchError,
    facts::{Backlog, Facts},
};

/// How often to measure.
const INTERVAL: Duration = Duration::from_secs(15);
/// The zone of all that have no series of their own; no zone may be called so.
const OTHER: &str = "(other)";

/// Measures zones.
#[derive(Clone)]
pub struct Gauges {
    facts: Facts,
    choice: Choice,
    clock: Clock,
    most: u32,
    /// Those that have series of their own.
    named: Vec<Zone>,
}

/// What waits: how many orders, and for how many seconds the oldest.
type Waiting = (u64, f64);

impl Gauges {
    /// Shows so many zones by name.
    #[must_use]
    pub const fn new(facts: Facts, choice: Choice, clock: Clock, most: u32) -> Self {
        Self { facts, choice, clock, most, named: Vec::new() }
    }

    /// Measures until `stop`. While a server does not answer, the last numbers stand.
    ///
    /// # Errors
    /// None.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), Infallible> {
        loop {
            if let Some(Err(error)) = stop.run_until_cancelled(self.measure()).await {
                tracing::debug!(%error, "the zones cannot be measured");
            }
            if stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_none() {
                return Ok(());
            }
        }
    }

    async fn measure(&mut self) -> Result<(), DispatchError> {
        name(&mut self.named, self.facts.zone_names(self.most).await?, self.most);
        let zones = &self.named;
        for (zone, (orders, oldest)) in waiting(zones, &self.facts.backlog().await?) {
            metrics::gauge!("dispatch_waiting_orders", "zone" => zone.to_owned()).set(orders as f64);
            metrics::gauge!("dispatch_oldest_waiting_seconds", "zone" => zone.to_owned()).set(oldest);
        }
        let numbers = self.choice.measure(zones, self.clock.now()).await?;
        for (zone, numbers) in zones.iter().zip(numbers) {
            // A cold zone is loaded when somebody asks for a courier; until then nobody knows.
            if let Warm::Answer(numbers) = numbers {
                show(zone, &numbers);
            }
        }
        Ok(())
    }
}

/// Names further zones while there is room. Whatever has a name keeps it: a zone that a slow transaction dates back, or a clock that
/// was set, would else push another one out, whose series would stand still.
fn name(named: &mut Vec<Zone>, first: Vec<Zone>, most: u32) {
    let new: Vec<Zone> = first.into_iter().filter(|zone| !named.contains(zone)).collect();
    named.extend(new.into_iter().take((most as usize).saturating_sub(named.len())));
}

/// By series. Where nothing waits any more, that has to be said, too.
fn waiting<'a>(zones: &'a [Zone], backlog: &'a [Backlog]) -> BTreeMap<&'a str, Waiting> {
    let mut series: BTreeMap<&str, Waiting> = zones.iter().map(|zone| (zone.as_str(), (0, 0.0))).collect();
    series.insert(OTHER, (0, 0.0));
    for Backlog { zone, orders, oldest_seconds } in backlog {
        let name = if series.contains_key(zone.as_str()) { zone.as_str() } else { OTHER };
        let (count, oldest) = series.entry(name).or_default();
        *count += orders;
        *oldest = oldest.max(*oldest_seconds);
    }
    series
}

fn show(zone: &Zone, numbers: &ZoneNumbers) {
    let ZoneNumbers { free, full, resting, least, most } = *numbers;
    for (state, couriers) in [("free", free), ("full", full), ("resting", resting)] {
        metrics::gauge!("dispatch_couriers", "zone" => zone.to_string(), "state" => state).set(couriers as f64);
    }
    for (bound, score) in [("least", least), ("most", most)] {
        metrics::gauge!("dispatch_courier_score", "zone" => zone.to_string(), "bound" => bound).set(score);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_that_has_series_keeps_them() {
        let zones = |names: &[&str]| names.iter().map(|name| name.parse().expect("a zone")).collect::<Vec<Zone>>();
        let mut named = Vec::new();
        for (first, expected) in [
            (&["D"][..], &["D"][..]),
            (&["B", "D"], &["D", "B"]),
            (&["A", "B", "C"], &["D", "B", "A"]),
            (&["E", "F", "G"], &["D", "B", "A"]),
        ] {
            name(&mut named, zones(first), 3);
            assert_eq!(named, zones(expected));
        }
    }

    #[test]
    fn there_are_no_more_series_than_were_asked_for() {
        let zone = |name: &str| name.parse::<Zone>().expect("a zone");
        let backlog = [("B", 2, 5.0), ("X", 3, 7.0), ("Y", 4, 6.0)];
        let backlog =
            backlog.map(|(name, orders, oldest_seconds)| Backlog { zone: zone(name), orders, oldest_seconds });
        let zones = [zone("A"), zone("B")];
        let series: Vec<_> = waiting(&zones, &backlog).into_iter().collect();
        assert_eq!(series, [(OTHER, (7, 7.0)), ("A", (0, 0.0)), ("B", (2, 5.0))]);
    }
}
