//! Exponential backoff with full jitter: how long to wait before the next attempt.

use std::time::Duration;

/// Waits between 0 and `base * 2^attempt`, at most `cap`; never less than `base / 2`, so that it is always a pause.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
}

impl Backoff {
    /// The first wait is at most `base`; none is longer than `cap`.
    #[must_use]
    pub const fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap }
    }

    /// The wait after the given number of failed attempts; `spread` in 0..=1 chooses within the range.
    #[must_use]
    pub fn delay_at(&self, failed: u32, spread: f64) -> Duration {
        let doublings = failed.saturating_sub(1).min(30);
        let ceiling = self.base.saturating_mul(1 << doublings).min(self.cap);
        let floor = (self.base / 2).min(ceiling);
        floor + (ceiling - floor).mul_f64(spread.clamp(0.0, 1.0))
    }

    /// The same with a random spread, so that what failed together does not come back together.
    #[must_use]
    pub fn delay(&self, failed: u32) -> Duration {
        self.delay_at(failed, rand::random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));

    #[test]
    fn doubles_up_to_the_cap() {
        let longest: Vec<_> = [1, 2, 3, 6, 7, 100].map(|failed| BACKOFF.delay_at(failed, 1.0).as_secs()).to_vec();
        assert_eq!(longest, [1, 2, 4, 32, 60, 60]);
    }

    #[test]
    fn is_always_a_pause() {
        assert_eq!(BACKOFF.delay_at(50, 0.0), Duration::from_millis(500));
    }
}
