//! A page in a browser: what it shows, and what one does with it.
//!
//! Elements are named by CSS selectors. Text is what a viewer sees of it, with each run of white space as one space.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, Result, ensure};
use fantoccini::Client;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use test_support::{eventually, unique};

use super::{Look, axe, console, console::Console, extension};

/// Of what a page shows, so much is told when a visit fails.
const TOLD: usize = 4_000;

/// For all scripts here.
const SEEN: &str = r"const seen = (element) => element.innerText.replace(/\s+/g, ' ').trim();";

/// A page of a site.
#[derive(Debug)]
pub struct Page {
    pub(super) client: Client,
    site: String,
    console: Mutex<Console>,
}

impl Page {
    pub(super) fn new(site: &str, client: Client) -> Self {
        Self { client, site: site.to_owned(), console: Mutex::default() }
    }

    pub(super) async fn close(self) -> Result<()> {
        Ok(self.client.close().await?)
    }

    /// Whether nothing unexpected came into the console.
    pub(super) async fn is_silent(&self) -> Result<bool> {
        self.read_console(|console| console.unexpected().is_empty()).await
    }

    /// Whether this came into the console.
    pub(super) async fn has_said(&self, text: &str) -> Result<bool> {
        self.read_console(|console| console.has(text)).await
    }

    async fn read_console<T>(&self, look: impl FnOnce(&Console) -> T) -> Result<T> {
        let said = console::read(&self.client).await?;
        let mut console = self.console.lock().unwrap_or_else(PoisonError::into_inner);
        console.add(said);
        Ok(look(&console))
    }

    /// What it shows, for who has to find out why a test failed.
    pub(super) async fn told(&self) -> String {
        let shown: Result<String> =
            self.ask("return `${location.pathname}${location.search}: ${seen(document.body)}`", &[]).await;
        let shown = shown.unwrap_or_else(|error| format!("nothing that can be read: {error:#}"));
        let shown: String = shown.chars().take(TOLD).collect();
        let picture = self.picture().await;
        let console = self.console.lock().unwrap_or_else(PoisonError::into_inner).unexpected();
        format!("the page showed {shown}\nin the console: {console:#?}\na picture: {picture:?}")
    }

    /// Leaves a picture of it in the folder that `DISPATCH_TEST_SCREENSHOTS` names, if it names one; answers where.
    async fn picture(&self) -> Result<Option<PathBuf>> {
        let Some(folder) = env::var_os("DISPATCH_TEST_SCREENSHOTS") else { return Ok(None) };
        let file = Path::new(&folder).join(unique::name("page")).with_extension("png");
        fs::write(&file, self.client.screenshot().await?)?;
        Ok(Some(file))
    }

    /// From now on and before, this text in an error in the console is no reason to fail.
    pub fn expect(&self, text: &str) {
        self.console.lock().unwrap_or_else(PoisonError::into_inner).expect(text);
    }

    /// Opens a path of the site.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn open(&self, path: &str) -> Result<()> {
        self.client.goto(&format!("{}{path}", self.site)).await.with_context(|| path.to_owned())
    }

    /// The same, and waits until it is live. From then on it must not be loaded again: see [`Page::still`].
    ///
    /// # Errors
    /// It cannot be opened, or is never live.
    pub async fn watch(&self, path: &str) -> Result<()> {
        self.open(path).await?;
        self.live().await?;
        self.run("window.watchedSinceOpened = true", &[]).await
    }

    /// Demands that it is the page that was opened to be watched, not loaded again since.
    ///
    /// # Errors
    /// It is not.
    pub async fn still(&self) -> Result<()> {
        let is_same: bool = self.ask("return window.watchedSinceOpened === true", &[]).await?;
        ensure!(is_same, "the page was loaded again");
        Ok(())
    }

    /// Opens another tab, and goes there.
    ///
    /// # Errors
    /// The browser does not.
    pub async fn new_tab(&self) -> Result<()> {
        let tab = self.client.new_window(true).await?.handle;
        Ok(self.client.switch_to_window(tab).await?)
    }

    /// Waits until there are so many tabs.
    ///
    /// # Errors
    /// There never are.
    pub async fn has_tabs(&self, count: usize) -> Result<()> {
        let are_there = || async { Ok((self.client.windows().await?.len() == count).then_some(())) };
        eventually(&format!("{count} tabs"), are_there).await
    }

    /// Goes to a tab, counted from 0.
    ///
    /// # Errors
    /// There is none.
    pub async fn tab(&self, number: usize) -> Result<()> {
        let tab = self.client.windows().await?.into_iter().nth(number).context("no such tab")?;
        Ok(self.client.switch_to_window(tab).await?)
    }

    /// Path and query.
    ///
    /// # Errors
    /// The browser does not say it.
    pub async fn path(&self) -> Result<String> {
        self.ask("return location.pathname + location.search", &[]).await
    }

    /// Its title.
    ///
    /// # Errors
    /// The browser does not say it.
    pub async fn title(&self) -> Result<String> {
        Ok(self.client.title().await?)
    }

    /// The texts of the elements.
    ///
    /// # Errors
    /// The browser does not say them.
    pub async fn texts(&self, css: &str) -> Result<Vec<String>> {
        self.ask("return [...document.querySelectorAll(arguments[0])].map(seen)", &[json!(css)]).await
    }

    /// Values of an attribute of the elements; nothing where one has none.
    ///
    /// # Errors
    /// The browser does not say them.
    pub async fn attributes(&self, css: &str, name: &str) -> Result<Vec<Option<String>>> {
        let script =
            "return [...document.querySelectorAll(arguments[0])].map((each) => each.getAttribute(arguments[1]))";
        self.ask(script, &[json!(css), json!(name)]).await
    }

    /// How many elements there are.
    ///
    /// # Errors
    /// The browser does not say it.
    pub async fn count(&self, css: &str) -> Result<usize> {
        self.ask("return document.querySelectorAll(arguments[0]).length", &[json!(css)]).await
    }

    /// Looks at it in another way from now on.
    ///
    /// # Errors
    /// The browser does not.
    pub async fn look(&self, look: Look) -> Result<()> {
        let (width, height) = look.size();
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": look.is_phone});
        extension::devtools(&self.client, "Emulation.setDeviceMetricsOverride", size).await?;
        let scheme = if look.is_dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        extension::devtools(&self.client, "Emulation.setEmulatedMedia", media).await?;
        let is_so =
            "return innerWidth === arguments[0] && matchMedia(`(prefers-color-scheme: ${arguments[1]})`).matches";
        let is_so: bool = self.ask(is_so, &[json!(width), json!(scheme)]).await?;
        ensure!(is_so, "it cannot be looked at so: {look}");
        Ok(())
    }

    /// From now on the viewer is in this time zone, such as `Asia/Tokyo`.
    ///
    /// # Errors
    /// The browser does not know it.
    pub async fn go_to_zone(&self, name: &str) -> Result<()> {
        extension::devtools(&self.client, "Emulation.setTimezoneOverride", json!({"timezoneId": name})).await.map(drop)
    }

    /// By how many pixels it is wider than the window.
    ///
    /// # Errors
    /// The browser does not say it.
    pub async fn overhang(&self) -> Result<i64> {
        self.ask("return document.documentElement.scrollWidth - document.documentElement.clientWidth", &[]).await
    }

    /// The serious and critical findings of axe-core.
    ///
    /// # Errors
    /// It cannot look.
    pub async fn findings(&self) -> Result<Vec<String>> {
        axe::findings(&self.client).await
    }

    /// What a script returns. In it, `seen(ELEMENT)` is the text of an element, and `arguments` are these.
    ///
    /// # Errors
    /// It fails, or returns something else.
    pub async fn ask<T: DeserializeOwned>(&self, script: &str, arguments: &[Value]) -> Result<T> {
        let answer = self.client.execute(&format!("{SEEN} {script}"), arguments.to_vec()).await;
        let answer = answer.with_context(|| script.to_owned())?;
        serde_json::from_value(answer.clone()).with_context(|| format!("{script}: {answer}"))
    }

    /// Runs a script.
    ///
    /// # Errors
    /// It fails.
    pub async fn run(&self, script: &str, arguments: &[Value]) -> Result<()> {
        self.ask::<Value>(script, arguments).await.map(drop)
    }
}
