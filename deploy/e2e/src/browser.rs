//! A real Chromium, driven over WebDriver, for tests of the board: the feature `browser`.
//!
//! - One chromedriver for all tests of a process; it ends with the process, however that ends.
//! - Each visit is a session of its own: a browser with a profile, cookies and a window that no other has. It is closed after the
//!   visit, also after one that fails or panics.
//! - Nothing but loopback is reached: to the browser there is no other name or address.
//! - The console must stay empty: an error or a warning in it that the test did not expect fails the visit ([`Page::expect`]).
//! - A test waits for what the page must come to show, and for no time.
//!
//! `run-e2e.sh` sets `DISPATCH_TEST_CHROMIUM` and `DISPATCH_TEST_CHROMEDRIVER` where both are installed, and only then builds these tests.

mod axe;
mod console;
mod driver;
mod extension;
mod hands;
mod look;
mod page;
mod waits;

use std::panic::{AssertUnwindSafe, resume_unwind};

use anyhow::{Context as _, Result, ensure};
use futures::FutureExt as _;
use tokio::sync::Semaphore;

pub use fantoccini::key::Key;

pub use self::{look::Look, page::Page};

/// Browsers at a time: each is half a dozen processes.
static PLACES: Semaphore = Semaphore::const_new(3);

/// Visits a site in a browser of one's own. What is opened there are paths of this URL, such as `http://127.0.0.1:40001`.
///
/// # Errors
/// The visit fails, or left something in the console; the error says what the page showed.
pub async fn visit(site: &str, visit: impl AsyncFnOnce(&Page) -> Result<()>) -> Result<()> {
    let _place = PLACES.acquire().await?;
    let page = Page::new(site, driver::session().await?);
    let visited = AssertUnwindSafe(visit(&page)).catch_unwind().await;
    let is_silent = page.is_silent().await;
    let is_well = matches!((&visited, &is_silent), (Ok(Ok(())), Ok(true)));
    let told = if is_well { String::new() } else { page.told().await };
    let closed = page.close().await;
    match visited {
        Err(panic) => {
            eprintln!("{told}");
            resume_unwind(panic)
        }
        Ok(Err(error)) => Err(error.context(told)),
        Ok(Ok(())) => {
            ensure!(is_silent?, "there are errors in the console: {told}");
            closed.context("the browser cannot be closed")
        }
    }
}
