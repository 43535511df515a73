// A bar of memory against its limit.

import { element, put } from "./dom.js";
import { bytes } from "./text.js";

/** An empty bar. */
export function memoryBar() {
  return element("span", { class: "bar", role: "meter", "aria-valuemin": "0", "aria-valuemax": "100", "aria-label": "memory" },
    element("span", { class: "fill" }));
}

/** Show values in the bar and the text beside it. */
export function showMemory(bar, text, held, limit) {
  const known = held !== null && held !== undefined;
  const part = known && limit ? Math.min(1, held / limit) : 0;
  bar.firstElementChild.style.width = `${(100 * part).toFixed(1)}%`;
  bar.dataset.tone = part > 0.9 ? "bad" : part > 0.75 ? "warn" : "good";
  bar.setAttribute("aria-valuenow", (100 * part).toFixed(0));
  const words = !known ? "no worker" : limit ? `${bytes(held)} of ${bytes(limit)} allowed` : `${bytes(held)}, no limit`;
  bar.setAttribute("aria-valuetext", words);
  put(text, words);
}
