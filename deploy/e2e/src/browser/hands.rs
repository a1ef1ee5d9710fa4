//! What a viewer does with a page: mouse and keyboard.

use anyhow::{Context as _, Result};
use fantoccini::{
    Locator,
    actions::{InputSource as _, KeyAction, KeyActions},
    key::Key,
};

use super::Page;

const KEYBOARD: &str = "keyboard";

impl Page {
    /// Clicks on the first of the elements.
    ///
    /// # Errors
    /// There is none, or it cannot be clicked on.
    pub async fn click(&self, css: &str) -> Result<()> {
        let element = self.client.find(Locator::Css(css)).await.with_context(|| css.to_owned())?;
        element.click().await.with_context(|| css.to_owned())
    }

    /// Types a text into a field, in place of what is there.
    ///
    /// # Errors
    /// There is no such field.
    pub async fn fill(&self, css: &str, text: &str) -> Result<()> {
        let field = self.client.find(Locator::Css(css)).await.with_context(|| css.to_owned())?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Chooses the option of a list that has this text.
    ///
    /// # Errors
    /// There is no such list, or no such option.
    pub async fn select(&self, css: &str, option: &str) -> Result<()> {
        let list = self.client.find(Locator::Css(css)).await.with_context(|| css.to_owned())?;
        list.select_by_label(option).await.with_context(|| option.to_owned())
    }

    /// Presses a key.
    ///
    /// # Errors
    /// The browser does not.
    pub async fn press(&self, key: Key) -> Result<()> {
        let value = key.into();
        let keys = KeyActions::new(KEYBOARD.to_owned());
        Ok(self.client.perform_actions(keys.then(KeyAction::Down { value }).then(KeyAction::Up { value })).await?)
    }

    /// Types into what has the focus.
    ///
    /// # Errors
    /// The browser does not.
    pub async fn write(&self, text: &str) -> Result<()> {
        let keys = text.chars().fold(KeyActions::new(KEYBOARD.to_owned()), |keys, value| {
            keys.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        });
        Ok(self.client.perform_actions(keys).await?)
    }
}
