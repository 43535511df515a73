// The overview: one card per instrument, or one instrument alone.

import { choices, choose } from "./address.js";
import { instruments } from "./api.js";
import { tick } from "./ages.js";
import { keyOf, makeCard, updateCard } from "./card.js";
import { announce, byId, element, keep, put, show } from "./dom.js";
import { listen } from "./events.js";
import { coalesced } from "./coalesced_fetch.js";
import { glanceOf } from "./glances.js";
import { showState, spoken, toneOf, wordOf, WORDS } from "./state.js";

const words = new Map();
const glances = new WeakMap();
let cards = [];
let heard = false;

const draw = coalesced(async () => {
  tellChanges();
  const chosen = cards.filter((card) => keyOf(card).trim() === choices().alone);
  const shown = chosen.length ? chosen : cards;
  show(byId("empty"), cards.length === 0);
  put(byId("empty"), heard ? "No instruments are configured on this server." : "Loading …");
  byId("cards").toggleAttribute("data-few", shown.length <= 12);
  byId("cards").toggleAttribute("data-alone", shown.length === 1);
  keep(byId("cards"), shown, keyOf, make, (item, card) => {
    updateCard(item, card, chosen.length > 0);
    item.querySelector(".alone").hidden = cards.length === 1;
    glances.get(item)(card);
  });
  keep(byId("summary"), counted(), ([word]) => word, () => element("li", { class: "state small" }),
    (node, [word, count]) => showState(node, word, `${count} `));
  put(byId("total"), cards.length === 1 ? "1 instrument:" : `${cards.length} instruments:`);
  show(byId("total"), cards.length > 0);
  const trouble = cards.filter((card) => ["warn", "bad", "down"].includes(toneOf(wordOf(card)))).length;
  document.title = trouble ? `(${trouble}) Live reduction` : "Live reduction";
}, { gap_ms: 250 });

const pull = coalesced(async () => {
  cards = (await instruments()).instruments;
  heard = true;
  draw();
}, { gap_ms: 500 });

function make(card) {
  const item = makeCard(card, (key) => {
    choose({ alone: choices().alone === key.trim() ? "" : key.trim() });
    draw();
  });
  glances.set(item, glanceOf(item));
  return item;
}

function takeCard({ card }) {
  const place = cards.findIndex((one) => keyOf(one) === keyOf(card));
  if (place < 0) return pull();
  cards[place] = card;
  draw();
}

function counted() {
  const counts = new Map();
  for (const card of cards) counts.set(wordOf(card), (counts.get(wordOf(card)) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => WORDS.indexOf(a) - WORDS.indexOf(b));
}

function tellChanges() {
  const said = [];
  for (const card of cards) {
    const word = wordOf(card);
    const before = words.get(keyOf(card));
    if (before && before !== word) said.push(`${card.name} is ${spoken(word)}`);
    words.set(keyOf(card), word);
  }
  if (said.length) announce(`${said.join("; ")}.`);
}

function attend() {
  const field = byId("target");
  const read = () => {
    if (document.activeElement !== field) field.value = choices().target ?? "";
    draw();
  };
  byId("wanted").addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("change", () => {
    choose({ target: field.value });
    draw();
  });
  addEventListener("hashchange", read);
  read();
}

attend();
tick();
listen(null, { connected: pull, status: takeCard, down: pull });
setInterval(pull, 10_000); // instruments of other hosts send no events
