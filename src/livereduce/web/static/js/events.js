// The server's events, and whether the server still answers. The browser reconnects by itself after a broken
// connection, but not after an HTTP error (a proxy's 502), and notices nothing at all where packets just vanish:
// hence the beats, and the watch on them.

import { eventsPath, heardAt } from "./api.js";
import { byId, put, show } from "./dom.js";
import { when } from "./text.js";

const SILENCE_MS = 25_000;
// A browser has six connections to a server for all its tabs: one in the background gives its own back.
const ASLEEP_AFTER_MS = 60_000;
const RETRY_MS = [500, 1000, 2000, 4000];

/**
 * Listen forever.
 *
 * @param {string|null} id one instrument, or all
 * @param {Object<string, function(object)>} handlers by name of event; `connected` is called at each (re)connection,
 *   when everything may have changed
 */
export function listen(id, handlers) {
  let source = null;
  let heard = performance.now();
  let failures = 0;
  let timer = 0;
  let falling_asleep = 0;
  let asleep = false;

  function connect() {
    timer = 0;
    source?.close();
    source = new EventSource(eventsPath(id));
    heard = performance.now();
    source.onopen = () => {
      failures = 0;
      alive();
      handlers.connected?.();
    };
    source.onerror = () => {
      lost();
      retry();
    };
    for (const name of ["hello", "beat", "status", "product", "shadow", "down", "regions"]) {
      source.addEventListener(name, (event) => {
        alive();
        const fact = parsed(event.data);
        heardAt(fact?.at);
        if (fact) handlers[name]?.(fact);
      });
    }
  }

  function retry() {
    source.close();
    const wait_ms = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)];
    timer ||= setTimeout(connect, wait_ms);
  }

  function alive() {
    heard = performance.now();
    found();
  }

  function sleep() {
    asleep = true;
    clearTimeout(timer);
    timer = 0;
    source.close();
    document.title = `… ${document.title}`; // its text may be old; it is set again on waking up
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(falling_asleep);
    if (document.hidden) {
      falling_asleep = setTimeout(sleep, ASLEEP_AFTER_MS);
    } else if (asleep) {
      asleep = false;
      connect();
    }
  });

  setInterval(() => {
    if (!timer && !asleep && performance.now() - heard > SILENCE_MS) {
      lost();
      retry();
    }
  }, 1000);
  connect();
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // an event without facts
  }
}

let lost_since = null;

/** Say that what the page shows is old. */
function lost() {
  if (lost_since) return;
  lost_since = new Date();
  document.documentElement.dataset.lost = "";
  put(byId("lost"), `Connection lost at ${when(lost_since)}; showing old data, reconnecting.`);
  show(byId("lost"), true);
}

function found() {
  if (!lost_since) return;
  lost_since = null;
  delete document.documentElement.dataset.lost;
  show(byId("lost"), false);
}
