// What a card shows of the newest result: asked for when the card says that there is a newer one, while it is on screen.

import { choices } from "./address.js";
import { glance } from "./api.js";
import { coalesced } from "./coalesced_fetch.js";
import { put, show } from "./dom.js";
import { showSketch } from "./sketch.js";
import { measured, percent, when, withUnits } from "./text.js";

const GAP_MS = 1500;
const FORECAST_MS = 30_000;
const ID = /^[a-z0-9_-]+$/; // as pages give them; one that never answered has its address in this place

/** The wanted relative error as the viewer chose it, or null. */
export function wantedFraction() {
  const wanted = Number(choices().target);
  return wanted > 0 && wanted < 100 ? wanted / 100 : null;
}

/** Ask and show for one card; returns a function to call with the newest card. */
export function glanceOf(item) {
  let card = null;
  let asked = "";
  let at = 0;
  const pull = coalesced(async () => {
    asked = markOf(card);
    at = performance.now();
    const answer = await glance(card.id, { target: wantedFraction(), peer: card.peer });
    showSketch(item.querySelector(".sketch"), answer, card.run);
    showStatistics(item.querySelector(".statistics"), answer.statistics);
  }, { gap_ms: GAP_MS, panel: item, failed: () => { asked = ""; } });
  return (newest) => {
    card = newest;
    if ((!card.last_result_at && !asked) || !ID.test(card.id)) return;
    if (asked !== markOf(card) || (wantedFraction() && performance.now() - at > FORECAST_MS)) pull();
  };
}

const markOf = (card) => JSON.stringify([card.last_result_at, card.run, wantedFraction()]);

function showStatistics(box, found) {
  show(box, found !== null);
  if (!found) return;
  const error = found.relative_error === null ? "" : `, ${percent(found.relative_error)}`;
  put(box.querySelector(".metric"), `${withUnits(found.metric, found.units)}: ${measured(found.value, found.error)}${error}`);
  const bar = box.querySelector(".bar");
  show(bar, found.part !== null);
  const part = 100 * Math.max(0, Math.min(1, found.part ?? 0));
  bar.firstElementChild.style.width = `${part.toFixed(1)}%`;
  bar.dataset.reached = String(Boolean(found.reaches?.reached));
  bar.setAttribute("aria-valuenow", part.toFixed(0));
  bar.setAttribute("aria-valuetext", `${part.toFixed(0)} % of what ${percent(found.reaches?.target)} takes`);
  const { text = "", at = null, how = "" } = found.reaches ?? {};
  put(box.querySelector(".reaches"), at && !found.reaches.reached ? `${text} (${when(at)})` : text);
  box.querySelector(".reaches").title = how;
}
