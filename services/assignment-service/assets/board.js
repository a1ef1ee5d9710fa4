// The board in the browser: times in the viewer's zone, ages that go on counting, and what is known of the connection. Everything else is
// htmx, which puts the parts of a page in place as they come.
"use strict";

(() => {
  const SILENCE = 6_000; // Beats come each two seconds.
  const RETRY = 1_000;
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

  function say(known, text) {
    if (!state || state.dataset.state === known) return;
    state.dataset.state = known;
    state.textContent = text;
  }

  // What the SSE extension takes for an EventSource: one that goes on through whatever happens to the connection. A browser has six
  // connections to a host for all of its tabs, so a tab that nobody sees gives its own back; one on which nothing is heard is
  // made anew, since it may be dead without anybody having been told.
  class Stream extends EventTarget {
    #url;
    #names = new Set();
    #source;
    #retry;
    #heard;

    constructor(url) {
      super();
      this.#url = url;
      this.addEventListener("beat", () => {});
      if (!document.hidden) this.#open();
      document.addEventListener("visibilitychange", () => (document.hidden ? this.#pause() : this.#open()));
      setInterval(() => this.#listen(), 1_000);
    }

    get readyState() {
      return EventSource.OPEN; // It never gives up, so the extension need not begin anew.
    }

    addEventListener(name, listener, options) {
      super.addEventListener(name, listener, options);
      if (this.#names.has(name)) return;
      this.#names.add(name);
      this.#source?.addEventListener(name, this.#pass);
    }

    close() {
      this.#pause();
      this.#url = undefined;
    }

    #pass = (event) => {
      this.#heard = Date.now();
      say("live", "Live");
      this.dispatchEvent(new MessageEvent(event.type, { data: event.data }));
    };

    #open() {
      this.#pause();
      if (!this.#url) return;
      this.#heard = Date.now();
      this.#source = new EventSource(this.#url);
      for (const name of this.#names) this.#source.addEventListener(name, this.#pass);
      this.#source.onopen = (event) => this.onopen?.(event);
      this.#source.onerror = () => this.#lost();
    }

    #pause() {
      clearTimeout(this.#retry);
      this.#source?.close();
      this.#source = undefined;
    }

    #lost() {
      say("lost", "Connection lost, trying again");
      this.#pause();
      this.#retry = setTimeout(() => this.#open(), RETRY);
    }

    #listen() {
      if (this.#source && Date.now() - this.#heard > SILENCE) this.#lost();
    }
  }

  if (window.htmx) window.htmx.createEventSource = (url) => new Stream(url);
  document.addEventListener("htmx:sseMessage", (event) => showTimes(event.target));
  // A part is morphed in place: what somebody has unfolded stays so, although the server knows nothing of it.
  if (window.Idiomorph) {
    window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
      !(name === "open" && node instanceof HTMLDetailsElement);
  }

  setInterval(() => {
    for (const element of document.querySelectorAll("time[data-since]")) show(element);
  }, 1_000);
  setInterval(() => showTimes(document), 60_000); // What was today is not for ever.
  showTimes(document);
})();
