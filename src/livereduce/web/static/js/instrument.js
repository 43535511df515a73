// The page of one instrument: each part has its own module; this one tells them when to update.

import { choices, instrumentId, pageOf } from "./address.js";
import { tick } from "./ages.js";
import { instrument } from "./api.js";
import { byId, put, show } from "./dom.js";
import { listen } from "./events.js";
import { coalesced } from "./coalesced_fetch.js";
import { showHead, showReadings } from "./readings.js";
import { resultPanel } from "./result.js";
import { scriptsPanel, showComplaint } from "./scripts.js";
import { promoteForm, restartForm } from "./asking.js";
import { showFacts } from "./service.js";
import { timelinePanel } from "./timeline.js";
import { trendsPanel } from "./trends.js";
import { followedRun, runToShow } from "./selection.js";

const REST_MS = 5000;

const id = instrumentId();
let newest = { card: { run: 0 }, runs: [], status: null };

const result = resultPanel(id);
const showPromotion = promoteForm(id);
const pullScripts = scriptsPanel(id);
const pullTimeline = timelinePanel(id);
const pullTrends = trendsPanel(id, () => {
  const { run } = runToShow(choices().run ?? "", followedRun(newest.card, newest.runs), newest.runs);
  return newest.runs.some((one) => one.run === run) ? run : null;
});

const pull = coalesced(async () => {
  newest = await instrument(id);
  showCard();
  showFacts(newest);
  showPromotion(newest);
  showComplaint(newest.status);
  result.update(newest);
  pullTrends();
}, { gap_ms: 300 });
const pullNowAndThen = coalesced(async () => pull(), { gap_ms: REST_MS });

function showCard() {
  showHead(newest.card, newest.status);
  showReadings(newest.card, newest.status);
}

// A status comes every second, mostly with new numbers only, which it contains. The rest is fetched when the words
// have changed, and now and then.
function takeStatus({ card }) {
  const old = newest.card;
  newest = { ...newest, card };
  showCard();
  const same = ["state", "why", "run", "run_state", "down"].every((key) => old[key] === card[key]);
  if (!same) everything();
  else pullNowAndThen();
  pullTimeline();
}

function unknown(reason) {
  show(byId("plot"), false);
  show(byId("blank"), true);
  put(byId("blank"), reason);
}

function everything() {
  pull();
  pullScripts();
  pullTimeline();
}

async function start() {
  put(byId("name"), id);
  byId("runs-page").setAttribute("href", pageOf(id, "/runs"));
  byId("detector-page").setAttribute("href", pageOf(id, "/detector"));
  document.title = id;
  tick();
  restartForm(id);
  addEventListener("hashchange", pullTrends);
  try {
    await instrument(id);
  } catch (error) {
    if (error.status === 404) return unknown(error.message); // an event stream of an unknown instrument would be refused
  }
  listen(id, {
    connected: everything,
    status: takeStatus,
    down: everything,
    product: (fact) => {
      result.changed(fact);
      pull();
      pullScripts();
    },
    shadow: (fact) => {
      result.changed(fact, "shadow");
      pull();
    },
  });
}

start();
