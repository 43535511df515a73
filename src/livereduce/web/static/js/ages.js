// The clock, and ages: texts that change without any event.

import { serverNow } from "./api.js";
import { byId, put } from "./dom.js";
import { span, when } from "./text.js";

/** Show in a node how long ago a time (ISO 8601) was, and keep it current. */
export function ago(node, iso) {
  node.dataset.ago = iso ?? "";
  node.title = iso ? when(iso) : "";
  tell(node);
}

function tell(node) {
  const age_s = (serverNow() - Date.parse(node.dataset.ago)) / 1000;
  put(node, Number.isNaN(age_s) ? "–" : `${age_s < 99 ? `${Math.max(0, Math.floor(age_s))} s` : span(age_s)} ago`);
}

/** Start the clock of the page. */
export function tick() {
  const now = byId("now");
  const turn = () => {
    const at = new Date(serverNow());
    put(now, when(at, at));
    now.dateTime = at.toISOString();
    document.querySelectorAll("[data-ago]").forEach(tell);
  };
  turn();
  setInterval(turn, 1000);
}
