// The picture of the detector: fetched, painted, with regions and findings over it, and the pixel under the pointer.

import { choices, choose } from "../../address.js";
import { coalesced } from "../../coalesced_fetch.js";
import { announce, byId, options, put, show } from "../../dom.js";
import { colours } from "../../plot.js";
import { short, when, whole } from "../../text.js";
import { detector, pixelAt } from "../ask.js";
import { attendDrawing } from "./drawing.js";
import { fit, layers, showCursor, showMarks, showPending, showRegions } from "./overlay.js";
import { paint } from "./paint.js";
import { drawnRegion } from "../regions/region.js";
import { countsOf } from "./scale.js";
import { tofSlider } from "./slider.js";

/**
 * The panel of the picture.
 *
 * @param {string} id
 * @param {object} store the regions
 * @param {function()} changed somebody has chosen another projection or range
 * @returns {{pull: function(): Promise<object>, redraw: function(), newest: function(): object|null}}
 */
export function picturePanel(id, store, changed) {
  const over = layers(byId("overlay"));
  let view = null;
  let map = null;
  let painted = 0;

  const slider = tofSlider(changed);
  const drawing = attendDrawing({
    map: () => map,
    cell: () => [(map.x.max - map.x.min) / view.width, (map.y.max - map.y.min) / view.height],
    pending: (state) => map && showPending(over, state, map),
    cursor: (at) => map && showCursor(over, at, map),
    point: under,
    drawn: add,
  });

  byId("projection").addEventListener("change", (event) => {
    choose({ projection: event.target.value });
    changed();
  });
  byId("log").addEventListener("change", (event) => {
    choose({ color: event.target.checked ? "" : "linear" });
    redraw();
  });
  byId("view").addEventListener("submit", (event) => event.preventDefault());
  new ResizeObserver(() => redraw()).observe(byId("picture"));

  async function pull() {
    const asked = { projection: choices().projection ?? "", tof: slider.range() };
    const answer = await detector(id, asked);
    if (view?.answer !== answer) {
      view = { findings: [], ...answer, values: countsOf(answer), answer };
      redraw();
    }
    return answer;
  }

  function redraw() {
    if (!view || !byId("picture").clientWidth) return;
    const log = choices().color !== "linear";
    const theme = colours();
    const room = { width: byId("picture").clientWidth, height: Math.max(260, Math.min(760, window.innerHeight * 0.6)) };
    const style = getComputedStyle(document.body);
    map = paint(byId("canvas"), view, { theme, log, room, font: `${parseFloat(style.fontSize) * 0.8}px ${style.fontFamily}` });
    fit(over, byId("canvas"));
    const all = store.shown().map((one) => ({ ...one, colour: theme.traces[one.colour_at] }));
    showRegions(over, all, map, view.projection);
    showMarks(over, view.findings, map);
    byId("log").checked = log;
    options(byId("projection"), view.projections.map((one) => [one, one]), view.projection);
    slider.update(view);
    say();
    // for tests and benchmarks: what is on screen now, and where
    Object.assign(byId("picture").dataset, {
      painted: ++painted, version: view.version, total: view.total, projection: view.projection, box: JSON.stringify(map.box),
    });
  }

  function say() {
    const { run, total, pixels, brightest, findings, since, note, tof_range_us: [low, high] } = view;
    const where = run ? `run ${run}` : "between runs";
    const counts = `${whole(total)} counts in ${whole(pixels)} pixels`;
    const each = brightest && short(brightest.counts / Math.max(1, brightest.pixels));
    const bright = brightest ? `brightest bank ${brightest.bank}, ${each} per pixel` : "";
    const found = findings.length ? `${findings.length} ${findings.length === 1 ? "finding" : "findings"}` : "nothing found";
    const times = `times of flight from ${Number(low.toPrecision(6))} to ${Number(high.toPrecision(6))} µs`;
    const parts = [where, counts, bright, times, since ? `counted since ${when(since)}` : "", note];
    put(byId("told"), parts.filter(Boolean).join(" · "));
    const heard = [where, counts, bright, found].filter(Boolean).join("; ");
    byId("canvas").setAttribute("aria-label", `Detector (${view.projection}), ${heard}`);
  }

  // One question at a time, and always the newest place.
  let wanted = null;
  const look = coalesced(async () => {
    const [x, y] = wanted;
    const found = await pixelAt(id, { projection: view.projection, x, y });
    put(byId("at"), said(found));
    if (document.activeElement === byId("overlay")) announce(byId("at").textContent);
  }, { gap_ms: 120, failed: (error) => put(byId("at"), error.message) });

  function under(at) {
    wanted = at;
    look();
  }

  function add({ kind, points }) {
    const range = byId("with-tof").checked ? slider.range() : null;
    const region = drawnRegion({ name: store.free(), kind, points, projection: view.projection, tof: range });
    if (!region) return;
    drawing.look();
    announce(store.add(region) ? `${region.name} is drawn` : store.too_many());
  }

  return { pull, redraw, newest: () => view, range: () => slider.range() };
}

function said({ pixel, bank, two_theta_deg, l2_m, counts }) {
  const parts = [`pixel ${pixel}`, bank, angle(two_theta_deg), length(l2_m), `${short(counts)} ${counts === 1 ? "count" : "counts"}`];
  return parts.filter((part) => part !== "" && part !== null && part !== undefined).join(" · ");
}

const known = (value) => value !== null && value !== undefined;
const angle = (degrees) => (known(degrees) ? `2θ ${degrees.toFixed(2)}°` : "");
const length = (metres) => (known(metres) ? `L2 ${metres.toFixed(3)} m` : "");
