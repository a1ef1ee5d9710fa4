//! The scripts, and how calls of them are written.

use std::{collections::BTreeSet, fmt};

use chrono::{DateTime, Utc};
use dispatch_contracts::zone::Zone;
use redis::{Pipeline, Script};

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
                f.write_str(self.file())
            }
        }

        impl Name {
            /// The name of its file.
            const fn file(self) -> &'static str {
                match self { $(Self::$name => $file,)+ }
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
    ListCouriers = "list_couriers.lua",
    ListOrders = "list_orders.lua",
    LoadZone = "load_zone.lua",
    MeasureZone = "measure_zone.lua",
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
    texts: Vec<String>,
}

impl Name {
    /// Without the ending of the file.
    pub(super) fn name(self) -> &'static str {
        self.file().trim_end_matches(".lua")
    }

    /// Whether a failover that loses what it wrote leaves drift. A zone that is not loaded to its end is cold, and is loaded
    /// again.
    pub(super) const fn is_missed(self) -> bool {
        match self {
            Self::Adopt
            | Self::AssignOrder
            | Self::AwaitCourier
            | Self::Confirm
            | Self::DrainPending
            | Self::ForgetZone
            | Self::ReleaseOrder
            | Self::UpsertCourier => true,
            Self::IsWarm
            | Self::ListCouriers
            | Self::ListOrders
            | Self::LoadZone
            | Self::MeasureZone
            | Self::Unrecorded
            | Self::ViewZone => false,
        }
    }
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
        let texts: Vec<String> = SOURCES.iter().map(|source| format!("{head}{source}")).collect();
        Self { scripts: texts.iter().map(|text| Script::new(text)).collect(), texts }
    }

    /// Puts the texts of what is called into the pipeline, once each, and answers how many that are.
    pub(super) fn load(&self, pipeline: &mut Pipeline, calls: &[&Call<'_>]) -> usize {
        let names: BTreeSet<usize> = calls.iter().map(|call| call.script as usize).collect();
        for &name in &names {
            pipeline.cmd("SCRIPT").arg("LOAD").arg(&self.texts[name]);
        }
        names.len()
    }

    /// Puts the calls into the pipeline.
    pub(super) fn call(&self, pipeline: &mut Pipeline, calls: &[&Call<'_>], now: DateTime<Utc>) {
        let now = now.timestamp_millis().to_string();
        for call in calls {
            let command = pipeline.cmd("EVALSHA").arg(self.scripts[call.script as usize].get_hash()).arg(KEYS.len());
            for name in KEYS {
                command.arg(key(call.zone, name));
            }
            command.arg(&now).arg(&call.args);
        }
    }
}

/// A key of a zone.
pub(super) fn key(zone: &Zone, name: &str) -> String {
    format!("{{{zone}}}:{name}")
}
