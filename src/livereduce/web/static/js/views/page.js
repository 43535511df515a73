// The page of the detector: its picture, regions drawn on it, their spectra, and curves over a log. All of it is live.

import { instrumentId, pageOf } from "../address.js";
import { tick } from "../ages.js";
import { instrument } from "../api.js";
import { coalesced } from "../coalesced_fetch.js";
import { byId, put, show } from "../dom.js";
import { listen } from "../events.js";
import { onTheme } from "../plot.js";
import { showHead } from "../readings.js";
import { findingsList, tellLooked } from "./findings.js";
import { keepForm } from "./regions/keeping.js";
import { overPanel } from "./over_log.js";
import { SHARE } from "./patient.js";
import { picturePanel } from "./picture/picture.js";
import { regionList, writeForm } from "./regions/region_list.js";
import { regionStore } from "./regions/region_store.js";
import { spectraPanel } from "./regions/spectra.js";

const LOOK_MS = 700;
const TURN_MS = 100;
const REST_MS = 5000;
const REGIONS_MS = 2000;

const id = instrumentId();
let card = null;
let resting_until = 0;
let looked = -Infinity;
let took_ms = 0;
let told_regions = false;

const store = regionStore(id, everything);
const picture = picturePanel(id, store, () => pullPicture());
const keeping = keepForm(id, store, () => pullRegions());
const showList = regionList(id, store, keeping.open);
const showFindings = findingsList(store);
const drawSpectra = spectraPanel(id, store, () => pullSpectra());
const drawOver = overPanel(id, store, () => pullOver());
writeForm(store, picture.newest, picture.range);

const pullPicture = coalesced(async () => {
  looked = performance.now();
  const { findings = [] } = await picture.pull();
  took_ms = performance.now() - looked;
  answered();
  showFindings(findings);
}, { gap_ms: 100, failed: unknown });
const pullRegions = coalesced(async () => {
  if ((await store.pull()) || !told_regions) showRegions();
  told_regions = true;
}, {
  gap_ms: LOOK_MS / 2,
  failed: (error) => {
    told_regions = false;
    saysIn("regions-problem")(error);
  },
});
const pullRegionsNowAndThen = coalesced(async () => pullRegions(), { gap_ms: REGIONS_MS });
const pullLooked = coalesced(() => tellLooked(id), { gap_ms: REST_MS, panel: panelOf("findings") });
const pullSpectra = coalesced(drawSpectra, { gap_ms: LOOK_MS / 2, panel: panelOf("spectra") });
const pullOver = coalesced(drawOver, { gap_ms: LOOK_MS / 2, panel: panelOf("over"), failed: saysIn("no-over") });

function showRegions() {
  showList();
  keeping.show();
  picture.redraw();
}

function look() {
  pullPicture();
  pullRegionsNowAndThen();
  pullLooked();
  pullSpectra();
  pullOver();
}

function everything() {
  showRegions();
  pullRegions();
  look();
}

/** The picture is there: the first answer, or the first after the viewer could not answer. */
function answered() {
  put(byId("blank"), "");
  show(byId("blank"), false);
  show(byId("main"), true);
}

function panelOf(name) {
  return byId(name).closest("section");
}

/** What a panel says in place of what it cannot show. */
function saysIn(name) {
  return (error) => {
    put(byId(name), error.message);
    show(byId(name), true);
  };
}

// What is on the screen stays there: the sentence above says why nothing newer comes.
function unknown(error) {
  if (error.status) resting_until = performance.now() + REST_MS; // a refusal stays one for a while
  put(byId("blank"), error.message.replace(/^./, (letter) => letter.toUpperCase()));
  show(byId("blank"), true);
}

const pullHead = coalesced(async () => {
  const { card: newest, status } = await instrument(id);
  card = newest;
  showHead(card, status);
  document.title = `${card.name || id}: detector`;
}, { gap_ms: 1000 });

async function start() {
  put(byId("name"), id);
  document.title = id;
  byId("live").setAttribute("href", pageOf(id));
  byId("runs-page").setAttribute("href", pageOf(id, "/runs"));
  tick();
  try {
    await instrument(id);
  } catch (error) {
    if (error.status === 404) return unknown(error); // an event stream of an unknown instrument would be refused
  }
  addEventListener("hashchange", everything);
  onTheme(everything);
  listen(id, {
    connected: () => {
      pullHead();
      everything();
    },
    down: pullHead,
    status: (fact) => {
      const same = card && ["state", "why", "run", "run_state", "down"].every((key) => card[key] === fact.card[key]);
      if (!same) pullHead();
    },
    regions: pullRegions,
  });
  setInterval(() => {
    const now = performance.now();
    if (now >= resting_until && now - looked >= Math.max(LOOK_MS, SHARE * took_ms) - TURN_MS / 2) look();
  }, TURN_MS);
}

start();
