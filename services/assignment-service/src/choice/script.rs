//! The scripts, and how several of them run in one round trip.

use std::{fmt, sync::LazyLock};

use dispatch_contracts::zone::Zone;
use redis::{ErrorKind, Pipeline, RedisError, RedisResult, Script, ServerErrorKind, aio::ConnectionManager};

/// The keys of a zone, in the order in which `zone.lua` names them.
const KEYS: [&str; 8] = ["couriers", "full", "open", "courier", "orders", "pending", "unrecorded", "meta"];

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

        /// All of them, in the order of [`Name`].
        static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
            scripts: vec![$(Script::new(concat!(include_str!("lua/zone.lua"), include_str!(concat!("lua/", $file))))),+],
            sources: vec![$(concat!(include_str!("lua/zone.lua"), include_str!(concat!("lua/", $file)))),+],
        });
    };
}

scripts! {
    AssignOrder = "assign_order.lua",
    AwaitCourier = "await_courier.lua",
    Confirm = "confirm.lua",
    DrainPending = "drain_pending.lua",
    ForgetZone = "forget_zone.lua",
    IsWarm = "is_warm.lua",
    LoadZone = "load_zone.lua",
    ReleaseOrder = "release_order.lua",
    Unrecorded = "unrecorded.lua",
    UpsertCourier = "upsert_courier.lua",
    ViewZone = "view_zone.lua",
}

/// The scripts of this service.
pub(super) fn all() -> &'static Scripts {
    &SCRIPTS
}

/// A script to run on a zone.
pub(super) struct Call<'a> {
    pub(super) script: Name,
    pub(super) zone: &'a Zone,
    pub(super) args: Vec<String>,
}

pub(super) struct Scripts {
    scripts: Vec<Script>,
    sources: Vec<&'static str>,
}

impl Scripts {
    /// Runs the calls in their order, in one round trip; a server that does not have the scripts yet gets them first.
    pub(super) async fn run(
        &self,
        connection: &mut ConnectionManager,
        calls: &[Call<'_>],
    ) -> RedisResult<Vec<Vec<String>>> {
        let pipeline = self.pipeline(calls);
        match pipeline.query_async(connection).await {
            Err(error) if is_no_script(&error) => {
                // Calls before the missing one took effect; all of them may be repeated.
                self.load(connection).await?;
                pipeline.query_async(connection).await
            }
            answer => answer,
        }
    }

    fn pipeline(&self, calls: &[Call<'_>]) -> Pipeline {
        let mut pipeline = redis::pipe();
        for call in calls {
            let hash = self.scripts[call.script as usize].get_hash();
            let command = pipeline.cmd("EVALSHA").arg(hash).arg(KEYS.len());
            for key in KEYS {
                command.arg(format!("{{{}}}:{key}", call.zone));
            }
            command.arg(&call.args);
        }
        pipeline
    }

    async fn load(&self, connection: &mut ConnectionManager) -> RedisResult<()> {
        let mut pipeline = redis::pipe();
        for source in &self.sources {
            pipeline.cmd("SCRIPT").arg("LOAD").arg(*source).ignore();
        }
        pipeline.query_async(connection).await
    }
}

fn is_no_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}
