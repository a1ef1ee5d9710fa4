//! The scripts, and how several of them run in one round trip.

use std::fmt;

use chrono::{DateTime, Utc};
use dispatch_contracts::zone::Zone;
use redis::{ErrorKind, Pipeline, RedisError, RedisResult, Script, ServerErrorKind, aio::ConnectionManager};

use crate::domain::policy::{Policy, Selection};

/// The keys of a zone, in the order in which `zone.lua` names them.
const KEYS: [&str; 11] =
    ["couriers", "full", "resting", "open", "courier", "recent", "orders", "pending", "declined", "unrecorded", "meta"];

macro_rules! scripts {
    ($($name:ident = $file:literal),+ $(,)?) => {
        /// Which script.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Name {
            $(#[doc = concat!("`", $file, "`")] $name,)+
        }

        impl fmt::Display for Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $file,)+ })
            }
        }

        /// The texts of all of them, without the policy, in the order of [`Name`].
        const SOURCES: &[&str] = &[$(concat!(include_str!("lua/zone.lua"), include_str!(concat!("lua/", $file)))),+];
    };
}

scripts! {
    Adopt = "adopt.lua",
    AssignOrder = "assign_order.lua",
    AwaitCourier = "await_courier.lua",
    Confirm = "confirm.lua",
    DrainPending = "drain_pending.lua",
    ForgetZone = "forget_zone.lua",
    IsWarm = "is_warm.lua",
    ListOrders = "list_orders.lua",
    LoadZone = "load_zone.lua",
    ReleaseOrder = "release_order.lua",
    Unrecorded = "unrecorded.lua",
    UpsertCourier = "upsert_courier.lua",
    ViewZone = "view_zone.lua",
}

/// A script to run on a zone.
pub(super) struct Call<'a> {
    pub(super) script: Name,
    pub(super) zone: &'a Zone,
    pub(super) args: Vec<String>,
}

pub(super) struct Scripts {
    scripts: Vec<Script>,
    sources: Vec<String>,
}

/// The first line of every script: what `zone.lua` knows of the policy.
fn head(policy: &Policy) -> String {
    let ratio = policy.selection == Selection::Ratio;
    let (most, length) = policy.window.map_or((0, 0), |window| (window.most, window.length.as_millis()));
    let decline_ttl = policy.decline_ttl.as_millis();
    format!("local RATIO, WINDOW_MOST, WINDOW_MS, DECLINE_MS = {ratio}, {most}, {length}, {decline_ttl}\n")
}

impl Scripts {
    /// The scripts for a policy.
    pub(super) fn new(policy: &Policy) -> Self {
        let head = head(policy);
        let sources: Vec<String> = SOURCES.iter().map(|source| format!("{head}{source}")).collect();
        Self { scripts: sources.iter().map(|source| Script::new(source)).collect(), sources }
    }

    /// Runs the calls in their order, in one round trip; a server that does not have the scripts yet gets them first.
    pub(super) async fn run(
        &self,
        connection: &mut ConnectionManager,
        calls: &[Call<'_>],
        now: DateTime<Utc>,
    ) -> RedisResult<Vec<Vec<String>>> {
        let pipeline = self.pipeline(calls, now);
        match pipeline.query_async(connection).await {
            Err(error) if is_no_script(&error) => {
                // Calls before the missing one took effect; all of them may be repeated.
                self.load(connection).await?;
                pipeline.query_async(connection).await
            }
            answer => answer,
        }
    }

    fn pipeline(&self, calls: &[Call<'_>], now: DateTime<Utc>) -> Pipeline {
        let now = now.timestamp_millis().to_string();
        let mut pipeline = redis::pipe();
        for call in calls {
            let hash = self.scripts[call.script as usize].get_hash();
            let command = pipeline.cmd("EVALSHA").arg(hash).arg(KEYS.len());
            for key in KEYS {
                command.arg(format!("{{{}}}:{key}", call.zone));
            }
            command.arg(&now).arg(&call.args);
        }
        pipeline
    }

    async fn load(&self, connection: &mut ConnectionManager) -> RedisResult<()> {
        let mut pipeline = redis::pipe();
        for source in &self.sources {
            pipeline.cmd("SCRIPT").arg("LOAD").arg(source).ignore();
        }
        pipeline.query_async(connection).await
    }
}

fn is_no_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}
