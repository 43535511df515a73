// A card of the overview.

import { ago } from "./ages.js";
import { element, put } from "./dom.js";
import { memoryBar, showMemory } from "./memory.js";
import { earlierOf, reasonOf, showState, wordOf } from "./state.js";
import { short, span, when } from "./text.js";

const READINGS = [["run", "run"], ["rate", "events/s"], ["lag", "data age"], ["result", "last result"]];

/** The list item of an instrument; the whole card links to its page. */
export function makeCard(card) {
  const readings = READINGS.map(([name, label]) =>
    element("div", {}, element("dt", {}, label), element("dd", { class: name })));
  const name = element("a", { href: `/instrument/${encodeURIComponent(card.id)}` });
  return element("li", {}, element("article", { class: "card" },
    element("header", {}, element("h2", {}, name), element("p", { class: "state" })),
    element("p", { class: "why" }),
    element("p", { class: "earlier" }),
    element("dl", {}, ...readings),
    element("p", { class: "memory" }, "memory", memoryBar(), element("span", { class: "held" })),
    element("p", { class: "foot" },
      element("span", { class: "peer" }), element("time", { class: "since" }),
      element("span", { class: "age" }, "updated ", element("time", { class: "seen" })))));
}

/** Update a card. */
export function updateCard(item, card) {
  const find = (selector) => item.querySelector(selector);
  const word = wordOf(card);
  const article = find("article");
  article.dataset.id = card.id;
  article.dataset.state = word;
  showState(find(".state"), word);
  article.dataset.tone = find(".state").dataset.tone;
  put(find("a"), card.name || card.id);
  put(find(".why"), reasonOf(card));
  put(find(".earlier"), earlierOf(card));
  put(find(".since"), card.since ? `since ${when(card.since)}` : "");
  find(".since").dateTime = card.since ?? "";
  ago(find(".seen"), card.seen_at);
  put(find(".peer"), card.peer ? `on ${card.peer}` : "");
  put(find(".run"), card.run ? String(card.run) : "–");
  find(".run").title = card.run_state ? card.run_state.replaceAll("_", " ") : "";
  put(find(".rate"), card.down ? "–" : short(card.events_per_s));
  put(find(".lag"), card.down ? "–" : span(card.data_age_s));
  ago(find(".result"), card.last_result_at);
  const held = card.down ? null : card.memory_bytes;
  showMemory(find(".bar"), find(".held"), held, card.memory_limit_bytes);
  find(".memory").classList.toggle("none", held === null); // stays in place, so that all cards look alike
}
