// The result: fetches what the viewer wants to see, and draws it.

import { download, figurePath, product } from "./api.js";
import { chosen, onChoice, showControls } from "./controls.js";
import { curveLayout, curveTraces } from "./curve.js";
import { caption, spoken } from "./describe.js";
import { byId, put, show } from "./dom.js";
import { imageLayout, imageTraces } from "./image.js";
import { clear, colours, draw, onTheme, wholeRange } from "./plot.js";
import { coalesced } from "./coalesced_fetch.js";
import { inSigns, measured } from "./text.js";
import { chosenProduct, firstRows, followedRun, parsedRows, previousRun, productsOf } from "./selection.js";

const MAX_VALUES = { "1d": 3000, "2d": 90_000, scalar: 1 };

/**
 * The panel of an instrument's results.
 *
 * @returns {{update: function(object), changed: function(object)}} `update` takes the server's answer about the instrument,
 *   `changed` the event of a product
 */
export function resultPanel(id) {
  const plot = byId("plot");
  let known = { card: { run: 0, run_state: "no_run" }, runs: [] };
  let kept = new Map(); // what was fetched for the last drawing, by run, name and row
  let shown = ""; // key of the last drawing
  let drawn = 0;

  // A product too large for the screen can still be downloaded, so the links stay.
  const redraw = coalesced(render, { failed: (error) => blank(`The result cannot be shown: ${error.message}`, true) });

  async function render() {
    const choice = chosen();
    const { card, runs } = known;
    const followed = followedRun(card, runs);
    const run = choice.run === "" ? followed : Number(choice.run);
    const products = productsOf(run, runs);
    const name = chosenProduct(choice.product, products);
    const listed = products.find((one) => one.name === name);
    const previous = previousRun(run, runs);
    const mark = JSON.stringify([
      choice, colours().ink, followed, runs.map((one) => [one.run, one.ended, one.figure]), products, productsOf(previous, runs),
    ]);
    if (mark === shown) return; // most news are not about the result
    shown = "";
    const got = new Map();
    const fetch = (spec) => fetched(spec, got);
    const facts = { runs, run, followed, products, name, previous, kind: listed?.kind ?? null, rows: [] };
    showControls(choice, facts);
    if (name !== null) offer(run, name);
    link(run, runs.find((one) => one.run === run)?.figure);
    const base = name === null ? null : await fetch({ run, name, kind: listed.kind });
    if (base?.kind === "2d") showControls(choice, { ...facts, kind: "2d", rows: wantedRows(choice.rows, base.rows) });
    if (!base) {
      blank(run ? `Run ${run} has no result yet.` : "No result yet.", false);
      done(run, "", "");
      shown = mark;
      return;
    }
    await drawKind(base, choice, { run, name, previous, fetch });
    kept = got;
    put(byId("caption"), caption(base, listed));
    plot.setAttribute("aria-label", spoken(base));
    done(run, name, base.version);
    shown = mark;
  }

  async function fetched(spec, got) {
    const { run, name, row = null, kind } = spec;
    const key = JSON.stringify([run, name, row]);
    const version = productsOf(run, known.runs).find((one) => one.name === name)?.version;
    const old = kept.get(key);
    const max_points = MAX_VALUES[row === null ? kind : "1d"] ?? MAX_VALUES["2d"];
    const one = old && old.version === version ? old
      : { version, payload: await product(id, { run, name, row, max_points }) };
    got.set(key, one);
    return one.payload;
  }

  async function drawKind(base, choice, { run, name, previous, fetch }) {
    show(byId("scalar"), base.kind === "scalar");
    show(plot, base.kind !== "scalar");
    show(byId("blank"), false);
    if (base.kind === "scalar") return put(byId("scalar"), `${measured(base.signal, base.errors)} ${inSigns(base.units)}`);
    const theme = colours();
    const revision = JSON.stringify([name, choice.view, choice.logx, choice.logy]);
    if (base.kind === "2d" && choice.view !== "spectra") {
      const traces = imageTraces(base, theme, { logz: choice.logy });
      return draw(plot, traces, imageLayout(base, theme, { ...choice, revision }));
    }
    // an overlay that cannot be fetched is left out; the result itself is required
    const curves = await Promise.all(specs(base, choice, { run, name, previous }).map(async (curve) => {
      const needed = curve.spec.run === run && curve.spec.name === name;
      const payload = await fetch(curve.spec).catch((error) => (needed ? Promise.reject(error) : null));
      return { ...curve, payload };
    }));
    const there = curves.filter((curve) => curve.payload?.kind === "1d");
    const olds = there.filter((curve) => curve.old).length;
    const traces = there.flatMap(({ payload, label, old }, place) => curveTraces(payload, {
      label, old, errors: choice.bars && !old,
      colour: old ? theme.old : theme.traces[(place - olds) % theme.traces.length],
    }));
    const several = there.length > 1;
    return draw(plot, traces, curveLayout(there.at(-1).payload, theme, { ...choice, several, revision }));
  }

  function blank(text, downloads) {
    show(plot, false);
    show(byId("scalar"), false);
    show(byId("downloads"), downloads && byId("nxs").hasAttribute("href"));
    show(byId("blank"), true);
    put(byId("blank"), text);
    put(byId("caption"), "");
    clear(plot);
    kept = new Map();
  }

  function offer(run, name) {
    show(byId("downloads"), true);
    for (const kind of ["nxs", "csv", "png"]) byId(kind).setAttribute("href", download(id, run, name, kind));
  }

  function link(run, version) {
    const figure = byId("figure");
    show(figure, Boolean(version));
    if (version) figure.setAttribute("href", figurePath(id, run, version));
  }

  // for benchmarks and tests: what is on screen now
  function done(run, name, version) {
    Object.assign(plot.dataset, { run, name, version, drawn: ++drawn });
  }

  onChoice(redraw);
  onTheme(redraw);
  byId("whole").addEventListener("click", () => wholeRange(plot));

  return {
    update(detail) {
      known = { card: detail.card, runs: detail.runs };
      redraw();
    },
    changed(fact) {
      const listed = productsOf(fact.run, known.runs).find((one) => one.name === fact.name);
      if (!listed || listed.version === fact.version) return; // an unknown product comes with the next `update`
      listed.version = fact.version;
      redraw();
    },
  };
}

/** The curves to draw; the main one last, on top. */
function specs(base, choice, { run, name, previous }) {
  const rows = base.kind === "2d" ? wantedRows(choice.rows, base.rows) : [null];
  const both = choice.previous && previous !== null;
  const of = (number, old) => rows.map((row) => ({
    spec: { run: number, name, row, kind: "1d" }, old,
    label: [both ? `run ${number}` : name, row === null ? "" : `row ${row}`].filter(Boolean).join(", "),
  }));
  const overlaid = base.kind === "2d" ? [] : choice.also;
  const also = overlaid.map((other) => ({ spec: { run, name: other, kind: "1d" }, old: false, label: other }));
  return [...(both ? of(previous, true) : []), ...also.reverse(), ...of(run, false)];
}

function wantedRows(text, count) {
  const rows = parsedRows(text, count);
  return rows.length ? rows : firstRows(count);
}
