// A card of the overview.

import { pageOf } from "./address.js";
import { ago } from "./ages.js";
import { element, put, show } from "./dom.js";
import { memoryBar, showMemory } from "./memory.js";
import { earlierOf, icon, reasonOf, showState, wordOf } from "./state.js";
import { short, span, when } from "./text.js";

const CORNERS = "M1 1h5v2H3v3H1zM10 1h5v5h-2V3h-3zM1 10h2v3h3v2H1zM13 10h2v5h-5v-2h3z";
const READINGS = [["rate", "events/s"], ["lag", "data age"], ["result", "last result"]];

/** A key for an instrument, wherever it is. */
export const keyOf = (card) => `${card.peer ?? ""} ${card.id}`;

/** The address of an instrument's page, here or on the page that it is from. */
function addressOf({ id, peer }) {
  if (!peer) return pageOf(id);
  return id === peer ? `${peer}/` : `${peer}/instrument/${encodeURIComponent(id)}`; // one that never answered has no id
}

/**
 * The list item of an instrument; the whole card links to its page.
 *
 * @param {object} card
 * @param {function(string)} alone called with the key when somebody wants to see it alone
 */
export function makeCard(card, alone) {
  const readings = READINGS.map(([name, label]) =>
    element("div", {}, element("dt", {}, label), element("dd", { class: name })));
  const button = element("button", { type: "button", class: "alone" }, icon(CORNERS));
  button.addEventListener("click", () => alone(keyOf(card)));
  return element("li", {}, element("article", { class: "card" },
    element("header", {}, element("h2", {}, element("a", { href: addressOf(card) })), element("p", { class: "state" }), button),
    element("p", { class: "what" }, element("span", { class: "number" }, "run ", element("b", { class: "run" })), " ", element("span", { class: "title" })),
    element("p", { class: "why" }),
    element("p", { class: "earlier" }),
    element("figure", { class: "sketch" }, element("div", { class: "drawing", role: "img", "aria-label": "No result yet" }),
      element("figcaption", {}, element("span", { class: "from" }), element("span", { class: "across" }), element("span", { class: "to" }))),
    element("div", { class: "statistics", hidden: "" }, element("p", { class: "metric" }),
      element("span", { class: "bar", role: "meter", "aria-label": "wanted statistics", "aria-valuemin": "0", "aria-valuemax": "100" },
        element("span", { class: "fill" })), element("p", { class: "reaches" })),
    element("dl", {}, ...readings),
    element("p", { class: "memory" }, "memory", memoryBar(), element("span", { class: "held" })),
    element("p", { class: "foot" },
      element("span", { class: "peer" }), element("time", { class: "since" }),
      element("span", { class: "age" }, "updated ", element("time", { class: "seen" })))));
}

/** Update a card; `single`: it is shown alone. */
export function updateCard(item, card, single) {
  const find = (selector) => item.querySelector(selector);
  const word = wordOf(card);
  const article = find("article");
  article.dataset.id = card.id;
  article.dataset.state = word;
  showState(find(".state"), word);
  article.dataset.tone = find(".state").dataset.tone;
  const name = card.name || card.id;
  put(find("a"), name);
  const words = single ? "Show all instruments" : `Show ${name} alone`;
  find(".alone").title = words;
  find(".alone").setAttribute("aria-label", words);
  find(".alone").setAttribute("aria-pressed", String(single));
  put(find(".why"), reasonOf(card));
  put(find(".earlier"), earlierOf(card));
  put(find(".since"), card.since ? `since ${when(card.since)}` : "");
  find(".since").dateTime = card.since ?? "";
  ago(find(".seen"), card.seen_at);
  put(find(".peer"), card.peer ? `on ${card.peer}` : "");
  show(find(".what"), Boolean(card.run || card.title));
  put(find(".run"), card.run ? String(card.run) : "–");
  put(find(".title"), card.title ?? "");
  find(".what").title = card.run_state ? card.run_state.replaceAll("_", " ") : "";
  put(find(".rate"), card.down ? "–" : short(card.events_per_s));
  put(find(".lag"), card.down ? "–" : span(card.data_age_s));
  ago(find(".result"), card.last_result_at);
  const held = card.down ? null : card.memory_bytes;
  showMemory(find(".memory .bar"), find(".held"), held, card.memory_limit_bytes);
  find(".memory").classList.toggle("none", held === null); // stays in place, so that all cards look alike
}
