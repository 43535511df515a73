// Display of the state words. Each has a tone, a shape and the word itself, because color alone tells
// nothing to many people and to no screen reader.

import { element, put } from "./dom.js";
import { inYourZone } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";

const LOOK = {
  running: ["good", "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z"],
  starting: ["calm", "M8 2a6 6 0 1 0 6 6h-2.2A3.8 3.8 0 1 1 8 4.2z"],
  waiting_for_run: ["calm", "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 2.2a3.8 3.8 0 1 1 0 7.6 3.8 3.8 0 0 1 0-7.6z"],
  paused: ["calm", "M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z"],
  degraded: ["warn", "M8 1.5 15.2 14H.8zM7.1 6v4h1.8V6zm0 5v1.7h1.8V11z"],
  restarting: ["warn", "M8 2a6 6 0 1 0 6 6h-2.2A3.8 3.8 0 1 1 8 4.2V7l5-3.9L8 0z"],
  stalled: ["bad", "M2.5 1.5h11v2L9.6 8l3.9 4.5v2h-11v-2L6.4 8 2.5 3.5z"],
  parked: ["bad", "M2 2h12v12H2zm4 2.5v7h1.7V9.3h1.1a2.4 2.4 0 0 0 0-4.8zm1.7 1.6h.9a.8.8 0 0 1 0 1.6h-.9z"],
  stopping: ["off", "M3 3h10v10H3zm2 2v6h6V5z"],
  stopped: ["off", "M3 3h10v10H3z"],
  down: ["down", "M3.4 1.9 8 6.5l4.6-4.6 1.5 1.5L9.5 8l4.6 4.6-1.5 1.5L8 9.5l-4.6 4.6-1.5-1.5L6.5 8 1.9 3.4z"],
};
const UNKNOWN = ["off", "M3 7h10v2H3z"];

/** Sort order with trouble first. */
export const WORDS = ["down", "parked", "stalled", "degraded", "restarting", "starting", "paused", "waiting_for_run",
  "running", "stopping", "stopped"];

/** The state word of a card: "down" if the daemon is down. */
export const wordOf = (card) => (card.down ? "down" : card.state);

export const spoken = (word) => word.replaceAll("_", " ");

/** True if somebody should look. */
export const toneOf = (word) => (LOOK[word] ?? UNKNOWN)[0];

/** Show a state word in a node, after `count` instruments. */
export function showState(node, word, count = "") {
  if (node.dataset.state !== word) {
    node.dataset.state = word;
    node.dataset.tone = toneOf(word);
    node.replaceChildren(symbol(word), element("span", { class: "word" }));
  }
  put(node.querySelector(".word"), count + spoken(word));
}

function symbol(word) {
  return icon((LOOK[word] ?? UNKNOWN)[1]);
}

/** A shape in the colour of the text around it, from a path in a box of 16 by 16. */
export function icon(shape) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "symbol");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", shape);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

/** The sentence after the word: reason, since when. */
export const reasonOf = (card) => card.down || card.why;

/** What has happened lately; empty if nothing. */
export const earlierOf = (card) => (card.earlier ? `Earlier: ${inYourZone(card.earlier)}` : "");
