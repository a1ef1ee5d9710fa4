//! `rebuild`: Redis made from the facts, zone by zone, under the lock under which a cold zone is loaded; whoever needs the zone
//! meanwhile waits for it. What then waits and could be taken is drained by the running service.

use clap::Args;
use dispatch_contracts::zone::Zone;
use messaging::Outbox;
use runtime::{Clock, DatabaseSettings, Ids, database};
use tokio_util::sync::CancellationToken;

use super::{Ended, OperateError};
use crate::{
    START,
    choice::{Choice, RedisSettings},
    dispatch::Dispatch,
    facts::Facts,
    settings::PolicySettings,
};

/// Zones read at a time.
const PAGE: u32 = 200;

/// Which zones, and how couriers are chosen there: as the running service has it.
#[derive(Debug, Args)]
pub(super) struct Rebuild {
    /// Only this zone.
    #[arg(long, conflicts_with = "after")]
    zone: Option<Zone>,
    /// Go on behind this zone, where an earlier run ended.
    #[arg(long, value_name = "ZONE")]
    after: Option<Zone>,
    #[command(flatten)]
    redis: RedisSettings,
    #[command(flatten)]
    policy: PolicySettings,
    #[command(flatten)]
    database: DatabaseSettings,
}

impl Rebuild {
    pub(super) async fn run(self, stop: &CancellationToken) -> Result<Ended, OperateError> {
        let facts = Facts::new(database::connect(&self.database).await?);
        let policy = self.policy.policy();
        let choice = Choice::wait_for(self.redis, &policy, START).await?;
        // Nothing is decided here, so nothing leaves through the outbox.
        let outbox = Outbox::new(String::new());
        let dispatch = Dispatch::new(facts.clone(), choice, outbox, Clock::system(), Ids::random(), policy);
        if let Some(zone) = self.zone {
            if facts.zone_counts(&zone).await?.is_none() {
                return Err(OperateError::UnknownZone(zone));
            }
            dispatch.rebuild(&zone).await?;
            println!("zones rebuilt: 1");
            return Ok(Ended::Well);
        }
        let (mut after, mut rebuilt) = (self.after, 0_u64);
        loop {
            let zones = facts.zones(after.as_ref(), PAGE).await?;
            if zones.is_empty() {
                break;
            }
            for zone in zones {
                dispatch.rebuild(&zone.zone).await?;
                rebuilt += 1;
                eprintln!("{} rebuilt, {rebuilt} so far", zone.zone);
                after = Some(zone.zone);
                if let (true, Some(last)) = (stop.is_cancelled(), &after) {
                    eprintln!("ended; go on with --after {last}");
                    return Ok(Ended::Stopped);
                }
            }
        }
        println!("zones rebuilt: {rebuilt}");
        Ok(Ended::Well)
    }
}
