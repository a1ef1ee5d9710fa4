//! How long things took, counted by classes of length, so that what several instances counted can be added up. A class is a fifth
//! wider than the one before (four to each doubling), and that is how exact a percentile is.

use std::time::Duration;

/// Classes; the last one holds what takes longer than half an hour.
pub const CLASSES: usize = 85;
/// Classes until the length has doubled.
const TO_DOUBLE: f64 = 4.0;

/// Counts by classes of length, from a millisecond on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latencies([u32; CLASSES]);

impl Default for Latencies {
    fn default() -> Self {
        Self([0; CLASSES])
    }
}

impl Latencies {
    /// Counts one more.
    pub fn add(&mut self, took: Duration) {
        let milliseconds = (took.as_secs_f64() * 1_000.0).max(1.0);
        let class = (milliseconds.log2() * TO_DOUBLE).ceil();
        // The logarithm of what a duration can be is a small number that is not negative.
        let class = (class as usize).min(CLASSES - 1);
        self.0[class] = self.0[class].saturating_add(1);
    }

    /// Counts what somebody else has counted; classes that are not there count as none.
    pub fn merge(&mut self, counts: &[i32]) {
        for (own, more) in self.0.iter_mut().zip(counts) {
            *own = own.saturating_add(more.unsigned_abs());
        }
    }

    /// The counts.
    #[must_use]
    pub fn counts(&self) -> Vec<i32> {
        self.0.iter().map(|count| i32::try_from(*count).unwrap_or(i32::MAX)).collect()
    }

    /// Within how many milliseconds that share of all was done; nothing where there were none.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Option<f64> {
        let all: u64 = self.0.iter().map(|count| u64::from(*count)).sum();
        let wanted = (all as f64 * share).ceil().max(1.0);
        let mut counted = 0;
        let class = self.0.iter().position(|count| {
            counted += u64::from(*count);
            all > 0 && counted as f64 >= wanted
        })?;
        Some(2_f64.powf(class as f64 / TO_DOUBLE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_exact_to_a_fifth() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(0.5), None);
        for milliseconds in 1..=1_000 {
            latencies.add(Duration::from_millis(milliseconds));
        }
        for (share, exact) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1_000.0)] {
            let shown = latencies.percentile(share).expect("there are some");
            assert!((exact..exact * 1.2).contains(&shown), "{share}: {shown}");
        }
    }

    #[test]
    fn what_is_very_short_or_very_long_is_counted_too() {
        let mut latencies = Latencies::default();
        latencies.add(Duration::ZERO);
        latencies.add(Duration::from_secs(1_000_000));
        assert_eq!(latencies.percentile(0.5), Some(1.0));
        assert!(latencies.percentile(1.0).is_some_and(|longest| longest > 30.0 * 60_000.0));
    }

    #[test]
    fn what_instances_counted_adds_up() {
        let (mut one, mut other) = (Latencies::default(), Latencies::default());
        one.add(Duration::from_millis(10));
        other.add(Duration::from_millis(10));
        other.add(Duration::from_secs(1));
        one.merge(&other.counts());
        assert_eq!(one.counts().iter().sum::<i32>(), 3);
        assert_eq!(one.percentile(1.0), other.percentile(1.0));
    }
}
