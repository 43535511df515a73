// The overview: one card per instrument.

import { instruments } from "./api.js";
import { tick } from "./ages.js";
import { makeCard, updateCard } from "./card.js";
import { announce, byId, element, keep, put, show } from "./dom.js";
import { listen } from "./events.js";
import { coalesced } from "./coalesced_fetch.js";
import { showState, spoken, toneOf, wordOf, WORDS } from "./state.js";

const keyOf = (card) => `${card.peer ?? ""} ${card.id}`;
const words = new Map();
let cards = [];

const draw = coalesced(async () => {
  tellChanges();
  show(byId("empty"), cards.length === 0);
  put(byId("empty"), "No instruments are configured on this server.");
  byId("cards").toggleAttribute("data-few", cards.length <= 12);
  keep(byId("cards"), cards, keyOf, makeCard, updateCard);
  keep(byId("summary"), counted(), ([word]) => word, () => element("li", { class: "state small" }),
    (node, [word, count]) => showState(node, word, `${count} `));
  put(byId("total"), cards.length === 1 ? "1 instrument:" : `${cards.length} instruments:`);
  show(byId("total"), cards.length > 0);
  const trouble = cards.filter((card) => ["warn", "bad", "down"].includes(toneOf(wordOf(card)))).length;
  document.title = trouble ? `(${trouble}) Live reduction` : "Live reduction";
}, { gap_ms: 250 });

const pull = coalesced(async () => {
  cards = (await instruments()).instruments;
  draw();
}, { gap_ms: 500 });

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

tick();
listen(null, { connected: pull, status: takeCard, down: pull });
setInterval(pull, 10_000); // instruments of other hosts send no events
