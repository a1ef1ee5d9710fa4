//! Random sequences of everything that may happen, twice and out of order, end with all stores in agreement.
//!
//! `SEQUENCES` says how many are played (a nightly run plays 2,000), `SEED` which; a run prints the seed, and the same seed
//! plays the same sequences.

use std::{collections::hash_map::RandomState, env, hash::BuildHasher as _, io::Write as _};

use agreement::{
    action,
    agree::{self, Line},
    play,
    referee::Referee,
    system::System,
};
use anyhow::{Context as _, Result};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use test_support::eventually;
use tokio_util::sync::CancellationToken;

/// How many are played unless `SEQUENCES` says otherwise.
const SEQUENCES: u32 = 300;
/// Steps of the longest.
const LONGEST: usize = 30;

/// Half of them, beside the other half: there is more than one core.
#[test]
fn all_stores_agree_after_any_sequence() -> Result<()> {
    play_half(0)
}

#[test]
fn all_stores_agree_after_any_other_sequence() -> Result<()> {
    play_half(1)
}

fn play_half(half: u64) -> Result<()> {
    let sequences = env::var("SEQUENCES").map_or(Ok(SEQUENCES), |text| text.parse()).context("SEQUENCES")?;
    let seed = env::var("SEED").map_or(Ok(RandomState::new().hash_one(0)), |text| text.parse()).context("SEED")?;
    // Past the capture of a test's output: also a run in which all went well says what it played.
    writeln!(std::io::stderr(), "SEED={seed} SEQUENCES={sequences} (half {half})")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let system = runtime.block_on(System::start())?;
    let config = Config { cases: sequences.div_ceil(2), rng_seed: RngSeed::Fixed(seed ^ half), ..Config::default() };
    // A sequence that ends in disagreement is waited for a minute, so it is not made smaller for ever.
    let config = Config { failure_persistence: None, max_shrink_iters: 200, max_shrink_time: 180_000, ..config };
    let played = TestRunner::new(config).run(&action::sequences(LONGEST), |steps| {
        let end = runtime.block_on(sequence(&system, &steps));
        end.map_err(|error| TestCaseError::fail(format!("{error:#}")))
    });
    played.map_err(|failure| anyhow::anyhow!("SEED={seed} SEQUENCES={sequences} plays it again. {failure}"))
}

async fn sequence(system: &System, steps: &[action::Step]) -> Result<()> {
    let cast = play::Cast::new()?;
    let mut heard = play::play(system, &cast, steps).await?;
    // Draining goes on beside the events; a decision that was wrong stays wrong, and need not be waited for.
    let settled = eventually("all stores of assignment-service agree", || async {
        Referee::judge(&system.facts, &cast).await?;
        Ok(agree::agree(system, &cast, Line::Unreconciled).await.ok())
    });
    if let Err(late) = settled.await {
        return agree::agree(system, &cast, Line::Unreconciled).await.and(Err(late));
    }
    agree::nothing_is_lost(system, &cast, &heard).await?;
    agree::the_log_says_the_same(system, &cast).await?;
    // The read models hear of all of it, twice, the decisions before what they answer.
    heard.extend(system.published(&cast.order_ids()).await?);
    heard.reverse();
    system.inform(&heard).await?;
    system.inform(&heard).await?;
    agree::read_models_agree(system, &cast).await?;
    // Sweeping and reconciling change nothing that was right.
    system.instance(0)?.sweep(std::time::Duration::ZERO, &CancellationToken::new()).await?;
    for zone in &cast.zones {
        system.instance(1)?.reconcile_zone(zone).await?;
    }
    agree::agree(system, &cast, Line::Exact).await
}
