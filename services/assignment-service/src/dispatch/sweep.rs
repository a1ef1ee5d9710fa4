//! Taking up what a crash left: picks that were never recorded, and lines that nobody drains.

use std::{convert::Infallible, time::Duration};

use chrono::TimeDelta;
use dispatch_contracts::zone::Zone;
use tokio_util::sync::CancellationToken;

use super::{Dispatch, DispatchError};
use crate::{choice::Warm, facts::ZoneInUse};

/// Zones read at a time.
const PAGE: u32 = 200;
/// Orders put back in line by one sweep of a zone; those behind them follow as these are assigned.
const LINE: i64 = 200;
/// A zone that takes longer hangs on something.
const TIME: Duration = Duration::from_secs(120);

/// How often to sweep, and what is old enough for it.
#[derive(Debug, Clone, Copy)]
pub struct SweepSettings {
    /// Pause between two sweeps.
    pub interval: Duration,
    /// A pick that is unrecorded for so long belongs to a process that died.
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
                let swept = tokio::time::timeout(TIME, self.sweep_zone(zone, unrecorded_age)).await;
                // The next zone is not to blame.
                match swept {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(zone = %zone.zone, %error, "the zone could not be swept"),
                    Err(_) => tracing::warn!(zone = %zone.zone, "sweeping the zone hangs"),
                }
            }
            match zones.into_iter().last() {
                Some(last) => after = Some(last.zone),
                None => break,
            }
        }
        Ok(())
    }

    async fn sweep_zone(&self, zone: &ZoneInUse, unrecorded_age: Duration) -> Result<(), DispatchError> {
        let ZoneInUse { zone, waiting } = zone;
        if *waiting {
            // Also where Redis lost them without turning cold; those in line already stay where they are.
            self.follow(self.facts.front_of_line(zone, LINE).await?).await?;
        }
        let age = TimeDelta::from_std(unrecorded_age).unwrap_or(TimeDelta::MAX);
        let before = self.clock.now() - age;
        let mut cursor = "0".to_owned();
        // A cold zone has no picks; it is loaded when it is needed.
        while let Warm::Answer((picks, next)) = self.choice.unrecorded(zone, before, &cursor, self.clock.now()).await? {
            if !picks.is_empty() {
                tracing::info!(%zone, picks = picks.len(), "recording picks that were left behind");
                metrics::counter!("dispatch_picks_swept_total").increment(picks.len() as u64);
                self.record_picks(zone, picks, self.clock.now()).await?;
            }
            if next == "0" {
                break;
            }
            cursor = next;
        }
        Ok(())
    }
}
