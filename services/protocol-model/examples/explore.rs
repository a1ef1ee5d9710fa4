//! Explores scenarios to their end and tells what it finds, step by step; or serves them for a look around in a browser. See
//! the documentation of the crate.

use std::{net::SocketAddr, process::ExitCode, time::Instant};

use clap::Parser;
use protocol_model::{
    Mutation, Protocol, Scenario, story,
    termination::{Runs, runs},
};
use stateright::{Checker as _, Expectation, Model as _};

/// Explores the protocol of assignment-service.
#[derive(Parser)]
struct Arguments {
    /// Only the scenarios with this in their names.
    #[arg(long, default_value = "")]
    scenario: String,
    /// With something wrong in it: the name of a mutation, such as SkipConfirm.
    #[arg(long, value_parser = mutation)]
    mutation: Option<Mutation>,
    /// One more of each trouble: minutes, and gigabytes.
    #[arg(long)]
    larger: bool,
    /// Threads that explore.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Serve the first of the scenarios at this address instead.
    #[arg(long)]
    serve: Option<SocketAddr>,
}

fn mutation(name: &str) -> Result<Mutation, String> {
    let names = || Mutation::ALL.map(|mutation| format!("{mutation:?}"));
    let found = Mutation::ALL.into_iter().find(|mutation| format!("{mutation:?}") == name);
    found.ok_or_else(|| format!("one of {}", names().join(", ")))
}

fn main() -> ExitCode {
    let Arguments { scenario, mutation, larger, threads, serve } = Arguments::parse();
    let mut as_expected = true;
    for chosen in Scenario::all().into_iter().filter(|one| one.name.contains(&scenario)) {
        let chosen = if larger { chosen.with_more_trouble() } else { chosen };
        let protocol = Protocol { scenario: chosen, mutation };
        if let Some(address) = serve {
            protocol.checker().serve(address);
            return ExitCode::SUCCESS;
        }
        as_expected &= explore(&protocol, threads);
    }
    if as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether nothing was found but the gaps that are known.
fn explore(protocol: &Protocol, threads: usize) -> bool {
    let started = Instant::now();
    let checker = protocol.clone().checker().threads(threads).spawn_bfs().join();
    let Scenario { name, reconciles, gaps, .. } = protocol.scenario;
    let with = if reconciles { ", reconciled" } else { "" };
    println!("{name}{with}: {} states in {:.1?}", checker.unique_state_count(), started.elapsed());
    let mut as_expected = true;
    let mut found = checker.discoveries();
    for property in protocol.properties().iter().filter(|property| property.expectation != Expectation::Sometimes) {
        let Some(path) = found.remove(property.name) else { continue };
        as_expected &= gaps.contains(&property.name);
        println!("  not so: {}", property.name);
        story::of(path.into_vec()).iter().for_each(|line| println!("    {line}"));
    }
    match runs(protocol) {
        Runs::End { longest, .. } => println!("  every run ends, after {longest} steps at most"),
        Runs::Circle(steps) => {
            as_expected = false;
            println!("  a run goes in circles:");
            let steps = steps.into_iter().map(|(state, action)| (state, Some(action))).collect();
            story::of(steps).iter().for_each(|line| println!("    {line}"));
        }
    }
    as_expected
}
