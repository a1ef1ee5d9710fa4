//! What a test waits for: that the page comes to show something, or that the console says it. It looks again and again, so it sees what is so now, however that
//! came about.

use anyhow::Result;
use test_support::eventually;

use super::Page;

impl Page {
    /// Waits until it is live.
    ///
    /// # Errors
    /// It never is.
    pub async fn live(&self) -> Result<()> {
        self.shows("#connection[data-state=live]", "Live").await
    }

    /// Waits until it is at this path.
    ///
    /// # Errors
    /// It never is.
    pub async fn at(&self, path: &str) -> Result<()> {
        eventually(&format!("the page is {path}"), || async { Ok((self.path().await? == path).then_some(())) }).await
    }

    /// Waits until one of the elements has this text in it.
    ///
    /// # Errors
    /// None ever has.
    pub async fn shows(&self, css: &str, text: &str) -> Result<()> {
        eventually(&format!("{css} shows {text:?}"), || async {
            Ok(self.texts(css).await?.iter().any(|shown| shown.contains(text)).then_some(()))
        })
        .await
    }

    /// Waits until none of the elements has this text in it.
    ///
    /// # Errors
    /// One always has.
    pub async fn shows_no(&self, css: &str, text: &str) -> Result<()> {
        eventually(&format!("{css} does not show {text:?}"), || async {
            Ok((!self.texts(css).await?.iter().any(|shown| shown.contains(text))).then_some(()))
        })
        .await
    }

    /// Waits until the console says this, which is then no reason to fail.
    ///
    /// # Errors
    /// It never does.
    pub async fn complains(&self, text: &str) -> Result<()> {
        self.expect(text);
        eventually(&format!("the console says {text:?}"), || async { Ok(self.has_said(text).await?.then_some(())) })
            .await
    }

    /// Waits until there are so many elements.
    ///
    /// # Errors
    /// There are never.
    pub async fn has(&self, css: &str, elements: usize) -> Result<()> {
        eventually(&format!("there are {elements} {css}"), || async {
            Ok((self.count(css).await? == elements).then_some(()))
        })
        .await
    }
}
