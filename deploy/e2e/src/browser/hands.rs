//! What a viewer does with a page: mouse and keyboard.

use std::time::Duration;

use anyhow::{Context as _, Result};
use fantoccini::{
    Locator,
    actions::{Actions, InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction},
    key::Key,
};
use test_support::eventually;

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

    /// Clicks on what leads to another page, or to the same one anew, and waits until that is there.
    ///
    /// # Errors
    /// There is none, or it leads nowhere.
    pub async fn follow(&self, css: &str) -> Result<()> {
        self.run("window.followedFromHere = true", &[]).await?;
        self.click(css).await?;
        let is_there = "return window.followedFromHere === undefined && document.readyState === 'complete'";
        // Between two pages there is nobody to ask.
        eventually(&format!("{css} leads somewhere"), || async {
            Ok(self.ask(is_there, &[]).await.unwrap_or(false).then_some(()))
        })
        .await
    }

    /// Opens what a link leads to in a tab behind this one, with the key Ctrl.
    ///
    /// # Errors
    /// There is no such link.
    pub async fn open_behind(&self, css: &str) -> Result<()> {
        let element = self.client.find(Locator::Css(css)).await.with_context(|| css.to_owned())?;
        let value = Key::Control.into();
        let pause = || KeyAction::Pause { duration: Duration::ZERO };
        let keys = KeyActions::new(KEYBOARD.to_owned());
        let keys = keys.then(KeyAction::Down { value }).then(pause()).then(pause()).then(KeyAction::Up { value });
        let button = MOUSE_BUTTON_LEFT;
        let mouse = MouseActions::new("mouse".to_owned())
            .then(PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 })
            .then(PointerAction::Down { button })
            .then(PointerAction::Up { button });
        Ok(self.client.perform_actions(Actions::from(keys).and(mouse)).await?)
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
