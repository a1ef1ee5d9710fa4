//! What has to be asked of servers, kept up to date in the background: a page shows what was heard last and waits for nobody who
//! does not answer.

use std::{future::Future, time::Duration};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};

/// Asked no more often than that, however many look.
const PAUSE: Duration = Duration::from_millis(500);
/// Asked that often while nobody looks.
const SELDOM: Duration = Duration::from_secs(10);
/// For how long a page waits for a newer answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// An answer and its age.
#[derive(Debug)]
pub(super) struct Watched<T> {
    heard: watch::Sender<Option<(Instant, T)>>,
    wanted: Notify,
}

impl<T> Default for Watched<T> {
    fn default() -> Self {
        Self { heard: watch::Sender::new(None), wanted: Notify::new() }
    }
}

impl<T: Clone> Watched<T> {
    /// Asks for ever: soon when somebody looks, now and then when nobody does.
    pub(super) async fn keep<F: Future<Output = T>>(&self, ask: impl Fn() -> F) {
        loop {
            let answer = ask().await;
            self.heard.send_replace(Some((Instant::now(), answer)));
            tokio::time::sleep(PAUSE).await;
            let _ = timeout(SELDOM, self.wanted.notified()).await;
        }
    }

    /// The latest answer; a newer one if it comes soon. The first is waited for.
    pub(super) async fn get(&self) -> T {
        let mut heard = self.heard.subscribe();
        let latest = heard.borrow_and_update().clone();
        if let Some((at, answer)) = latest {
            if at.elapsed() < PAUSE {
                return answer;
            }
            self.wanted.notify_one();
            if timeout(PATIENCE, heard.changed()).await.is_err() {
                return answer;
            }
        }
        let answer = heard.wait_for(Option::is_some).await.ok().and_then(|heard| heard.clone());
        match answer {
            Some((_, answer)) => answer,
            // It never comes to this: the sender is this very value.
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_page_gets_what_is_new_and_does_not_wait_for_who_does_not_answer() {
        let (watched, asked, is_down) = (Watched::default(), Cell::new(0), Cell::new(false));
        let keep = watched.keep(|| async {
            asked.set(asked.get() + 1);
            if is_down.get() {
                std::future::pending::<()>().await;
            }
            asked.get()
        });
        let look = async {
            assert_eq!(watched.get().await, 1, "the first is waited for");
            tokio::time::sleep(PAUSE * 2).await;
            assert_eq!(watched.get().await, 2, "what is old is asked for again");
            assert_eq!(watched.get().await, 2, "and what is not is not");
            tokio::time::sleep(SELDOM * 3).await;
            assert!(asked.get() <= 6, "seldom while nobody looks: {}", asked.get());
            is_down.set(true);
            tokio::time::sleep(SELDOM * 2).await;
            let before = Instant::now();
            assert_eq!(watched.get().await, asked.get() - 1, "the latest there is");
            assert!(before.elapsed() <= PATIENCE);
        };
        tokio::select! { () = keep => {}, () = look => {} }
    }
}
