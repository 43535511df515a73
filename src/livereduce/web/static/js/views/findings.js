// What was found at the detector: hot, dead, noisy, shifted pixels and banks.

import { byId, element, keep, put, show } from "../dom.js";
import { span, when } from "../text.js";
import { findings as ask } from "./ask.js";
import { arePixels, regionOf } from "./regions/region.js";

/** The list; `store` takes the pixels of a finding as a region. Returns the function that shows findings. */
export function findingsList(store) {
  let shown = [];
  byId("findings").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const found = button && shown[[...byId("findings").children].indexOf(button.closest("li"))];
    if (found) store.add(regionOf({ name: store.free(), kind: "pixels", pixels: found.pixels }));
  });
  return (findings) => {
    shown = findings;
    show(byId("no-findings"), findings.length === 0);
    keep(byId("findings"), findings, ({ kind, what, bank, pixels }) => [kind, what, bank, pixels].join(" "), make, fill);
  };
}

const make = () => element("li", {}, element("b"), element("span", { class: "finding-text" }), element("span", { class: "quiet" }),
  element("button", { type: "button" }, "Spectrum"));

function fill(node, { kind, what, bank, pixels, since, text }) {
  const [word, words, at, button] = node.children;
  node.dataset.kind = kind;
  put(word, `${kind} ${what}`);
  put(words, text || `${bank} ${pixels}`.trim());
  put(at, since ? `since ${when(since)}` : "");
  show(button, Boolean(pixels) && arePixels(pixels));
  button.setAttribute("aria-label", `Spectrum of the ${kind} ${what} in ${bank}`);
}

/** Why nothing is named, or how much beam was looked at. */
export async function tellLooked(id) {
  const { looked_s, note } = await ask(id);
  put(byId("no-findings"), note ? note.replace(/^./, (letter) => letter.toUpperCase()) : `Nothing found in ${span(looked_s)} of beam.`);
}
