//! A value that is made anew when it is asked for and too old: whoever asks meanwhile waits for the same one, so that many who
//! look cost no more than one.

use std::{future::Future, time::Duration};

use tokio::{sync::Mutex, time::Instant};

/// A value and its age.
#[derive(Debug)]
pub(super) struct Fresh<T> {
    kept: Mutex<Option<(Instant, T)>>,
}

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self { kept: Mutex::new(None) }
    }
}

impl<T: Clone> Fresh<T> {
    /// The value, no older than that. Failures are values, too: a server that is down is not asked by each who looks.
    pub(super) async fn get(&self, no_older: Duration, make: impl Future<Output = T>) -> T {
        let mut kept = self.kept.lock().await;
        if let Some((made, value)) = &*kept
            && made.elapsed() < no_older
        {
            return value.clone();
        }
        let value = make.await;
        *kept = Some((Instant::now(), value.clone()));
        value
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn it_is_made_when_it_is_too_old_and_only_then() {
        let (fresh, made) = (Fresh::default(), Cell::new(0));
        let make = || async {
            made.set(made.get() + 1);
            made.get()
        };
        assert_eq!((fresh.get(Duration::MAX, make()).await, fresh.get(Duration::MAX, make()).await), (1, 1));
        assert_eq!(fresh.get(Duration::ZERO, make()).await, 2);
    }
}
