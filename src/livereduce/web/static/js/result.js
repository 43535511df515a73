// The result: fetches what the viewer wants to see, and draws it.

import { download, figurePath, product } from "./api.js";
import { chosen, onChoice, showControls } from "./controls.js";
import { caption, spoken } from "./describe.js";
import { byId, put, show } from "./dom.js";
import { clearGrid, showGrid } from "./grid.js";
import { clear, colours, draw, onTheme, wholeRange } from "./plot.js";
import { coalesced } from "./coalesced_fetch.js";
import { drawing, wanted, wantedRows } from "./product_plot.js";
import { showTable } from "./table.js";
import { showTabs } from "./tabs.js";
import { inSigns, measured } from "./text.js";
import { chosenProduct, followedRun, previousRun, productsOf } from "./selection.js";

const MAX_VALUES = { "1d": 3000, "2d": 90_000, scalar: 1, table: 10_000 };

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
    const asked = chosen();
    const { card, runs } = known;
    const followed = followedRun(card, runs);
    const run = asked.run === "" ? followed : Number(asked.run);
    const products = productsOf(run, runs);
    const name = chosenProduct(asked.product, products);
    const listed = products.find((one) => one.name === name);
    const choice = wanted(asked, listed?.display);
    const grid = asked.layout === "grid" && products.length > 1;
    const previous = previousRun(run, runs);
    const mark = JSON.stringify([
      choice, colours().ink, followed, runs.map((one) => [one.run, one.ended, one.figure]), products, productsOf(previous, runs),
    ]);
    if (mark === shown) return; // most news are not about the result
    shown = "";
    const got = new Map();
    const fetch = (spec) => fetched(spec, got);
    const kind = listed?.display?.kind === "table" && listed.kind !== "scalar" ? "table" : listed?.kind ?? null;
    const facts = { runs, run, followed, products, name, previous, kind: grid ? "grid" : kind, rows: [], display: listed?.display };
    showControls(choice, facts);
    showTabs(products, name, !grid);
    link(run, runs.find((one) => one.run === run)?.figure);
    show(byId("shown"), !grid);
    show(byId("grid"), grid);
    if (grid) {
      await showGrid(products, { run, theme: colours(), fetch });
      kept = got;
      shown = mark;
      return done(run, "", products.map((one) => one.version).join(" "));
    }
    clearGrid();
    if (name !== null) offer(run, name, kind);
    const base = name === null ? null : await fetch({ run, name, kind: listed.kind });
    if (base?.kind === "2d" && kind === "2d") showControls(choice, { ...facts, kind: "2d", rows: wantedRows(choice.rows, base.rows) });
    if (!base) {
      blank(run ? `Run ${run} has no result yet.` : "No result yet.", false);
      done(run, "", "");
      shown = mark;
      return;
    }
    await drawProduct(base, choice, { run, name, previous, fetch });
    kept = got;
    put(byId("caption"), caption(base, listed));
    plot.setAttribute("aria-label", spoken(base));
    done(run, name, base.version);
    shown = mark;
  }

  async function fetched(spec, got) {
    const { run, name, row = null } = spec;
    const key = JSON.stringify([run, name, row]);
    const version = productsOf(run, known.runs).find((one) => one.name === name)?.version;
    const old = kept.get(key);
    const max_points = MAX_VALUES[row === null ? kindOf(spec) : "1d"] ?? MAX_VALUES["2d"];
    const one = old && old.version === version ? old
      : { version, payload: await product(id, { run, name, row, max_points }) };
    got.set(key, one);
    return one.payload;
  }

  async function drawProduct(base, choice, how) {
    const drawn = await drawing(base, choice, { ...how, theme: colours() });
    show(byId("scalar"), drawn.what === "scalar");
    show(byId("table"), drawn.what === "table");
    show(plot, drawn.what === "plot");
    show(byId("blank"), false);
    if (drawn.what === "scalar") put(byId("scalar"), `${measured(base.signal, base.errors)} ${inSigns(base.units)}`);
    else if (drawn.what === "table") showTable(byId("table"), base);
    else await draw(plot, drawn.traces, drawn.shape);
  }

  function kindOf({ run, name, kind }) {
    const listed = productsOf(run, known.runs).find((one) => one.name === name);
    return listed?.display?.kind === "table" ? "table" : kind;
  }

  function blank(text, downloads) {
    show(plot, false);
    show(byId("scalar"), false);
    show(byId("table"), false);
    show(byId("downloads"), downloads && byId("nxs").hasAttribute("href"));
    show(byId("blank"), true);
    put(byId("blank"), text);
    put(byId("caption"), "");
    clear(plot);
    kept = new Map();
  }

  function offer(run, name, kind) {
    show(byId("downloads"), true);
    show(byId("png"), kind !== "table");
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
