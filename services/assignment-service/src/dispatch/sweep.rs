//! Taking up what a crash left: picks that were never recorded, and lines that nobody drains.

use std::{convert::Infallible, time::Duration};

use chrono::TimeDelta;
use dispatch_contracts::zone::Zone;
use tokio_util::sync::CancellationToken;

use super::{Dispatch, DispatchError};
use crate::choice::Warm;

/// Zones read at a time.
const PAGE: u32 = 200;

/// How often to sweep, and what is old enough for it.
#[derive(Debug, Clone, Copy)]
pub struct SweepSettings {
    /// Pause between two sweeps.
    pub interval: Duration,
    /// A pick that is unrecorded for longer belongs to a process that died.
    pub unrecorded_age: Duration,
}

impl Dispatch {
    /// Sweeps all zones again and again, until `stop`. Several processes may.
    ///
    /// # Errors
    /// None.
    pub async fn run_sweeps(self, settings: SweepSettings, stop: CancellationToken) -> Result<(), Infallible> {
        while stop.run_until_cancelled(tokio::time::sleep(settings.interval)).await.is_some() {
            if let Err(error) = self.sweep(settings.unrecorded_age, &stop).await {
                tracing::warn!(%error, "sweeping broke off");
            }
        }
        Ok(())
    }

    /// One sweep over all zones.
    ///
    /// # Errors
    /// PostgreSQL or Redis does not answer; the next sweep goes on.
    pub async fn sweep(&self, unrecorded_age: Duration, stop: &CancellationToken) -> Result<(), DispatchError> {
        let mut after: Option<Zone> = None;
        while !stop.is_cancelled() {
            let zones = self.facts.zones(after.as_ref(), PAGE).await?;
            for zone in &zones {
                self.sweep_zone(&zone.zone, zone.waiting, unrecorded_age).await?;
            }
            match zones.into_iter().last() {
                Some(last) => after = Some(last.zone),
                None => break,
            }
        }
        Ok(())
    }

    async fn sweep_zone(&self, zone: &Zone, waiting: bool, unrecorded_age: Duration) -> Result<(), DispatchError> {
        let age = TimeDelta::from_std(unrecorded_age).unwrap_or(TimeDelta::MAX);
        let before = self.clock.now() - age;
        let mut cursor = "0".to_owned();
        loop {
            let Warm::Answer((picks, next)) = self.choice.unrecorded(zone, before, &cursor).await? else {
                // Nobody asks for a cold zone without orders that wait; it is loaded when it is needed.
                if waiting {
                    self.warm(zone).await?;
                }
                return Ok(());
            };
            if picks.drainable {
                self.drains.request(zone);
            }
            if !picks.picks.is_empty() {
                tracing::info!(%zone, picks = picks.picks.len(), "recording picks that were left behind");
                metrics::counter!("picks_swept_total").increment(picks.picks.len() as u64);
                self.record_picks(zone, picks).await?;
            }
            if next == "0" {
                return Ok(());
            }
            cursor = next;
        }
    }
}
