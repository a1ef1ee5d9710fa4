// The board in the browser: times in the viewer's zone, ages that go on counting, and what is known of the connection. Everything else is
// htmx, which puts the parts of a page in place as they come.
"use strict";

(() => {
  const SILENCE = 6_000; // Beats come each two seconds.
  const ticks = new Intl.RelativeTimeFormat(undefined, { numeric: "always", style: "short" });
  const today = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
  const other = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

  function age(time) {
    const seconds = Math.round((Date.now() - time) / 1000);
    for (const [unit, length] of [["day", 86_400], ["hour", 3_600], ["minute", 60]]) {
      if (Math.abs(seconds) >= length) return ticks.format(-Math.trunc(seconds / length), unit);
    }
    return ticks.format(-Math.max(seconds, 0), "second");
  }

  function show(element) {
    const time = new Date(element.dateTime);
    let text;
    if ("since" in element.dataset) {
      text = age(time);
    } else {
      text = (time.toDateString() === new Date().toDateString() ? today : other).format(time);
    }
    if (element.textContent !== text) element.textContent = text;
  }

  function showTimes(root) {
    for (const element of root.querySelectorAll("time[data-when], time[data-since]")) show(element);
  }

  const state = document.getElementById("connection");
  let beat = Date.now();
  let lost; // Not known before the first news.

  function say(now) {
    if (!state || lost === now) return;
    lost = now;
    state.dataset.state = lost ? "lost" : "live";
    state.textContent = lost ? "Connection lost, trying again" : "Live";
  }

  function heard() {
    beat = Date.now();
    say(false);
  }

  document.addEventListener("htmx:sseOpen", (event) => {
    event.detail.source.addEventListener("beat", heard);
  });
  document.addEventListener("htmx:sseError", () => say(true));
  document.addEventListener("htmx:sseMessage", (event) => {
    heard();
    showTimes(event.target);
  });
  // A part is morphed in place: what somebody has unfolded stays so, although the server knows nothing of it.
  if (window.Idiomorph) {
    window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
      !(name === "open" && node instanceof HTMLDetailsElement);
  }
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  setInterval(() => {
    for (const element of document.querySelectorAll("time[data-since]")) show(element);
    if (state && Date.now() - beat > SILENCE) say(true);
  }, 1_000);
  showTimes(document);
})();
