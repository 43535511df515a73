// The result: fetches what the viewer wants to see, and draws it.

import { pageOf } from "./address.js";
import { difference, download, figurePath, product } from "./api.js";
import { LIVE, besideOf, offered, showCompared, spokenBeside } from "./beside.js";
import { chosen, onChoice, showControls, showRuns } from "./controls.js";
import { caption, spoken } from "./describe.js";
import { byId, put, show } from "./dom.js";
import { clearGrid, showGrid } from "./grid.js";
import { clear, colours, draw, onTheme, wholeRange } from "./plot.js";
import { coalesced } from "./coalesced_fetch.js";
import { deviationDrawing, drawing, wanted, wantedRows } from "./product_plot.js";
import { showTable } from "./table.js";
import { showTabs } from "./tabs.js";
import { inSigns, measured } from "./text.js";
import { marking } from "./views/mark.js";
import { chosenProduct, followedRun, previousRun, productsOf, runToShow } from "./selection.js";
import { showInstead } from "./instead.js";
import { showParameters } from "./parameters.js";

const MAX_VALUES = { "1d": 3000, "2d": 90_000, scalar: 1, table: 10_000 };

/**
 * The panel of an instrument's results.
 *
 * @returns {{update: function(object), changed: function(object)}} `update` takes the server's answer about the instrument,
 *   `changed` the event of a product, and whose it is ("live", "shadow")
 */
export function resultPanel(id) {
  const plot = byId("plot");
  let known = { card: { run: 0, run_state: "no_run" }, status: null, runs: [], shadow: null };
  let kept = new Map(); // what was fetched for the last drawing, by run, name, row and whose it is
  let shown = ""; // key of the last drawing
  let drawn = 0;
  const marks = marking(plot, () => redraw(), (choice) => pageOf(id, `/detector${choice}`));

  // A product too large for the screen can still be downloaded, so the links stay.
  const redraw = coalesced(render, { failed: (error) => blank(`The result cannot be shown: ${error.message}`, true) });

  async function render() {
    const asked = chosen();
    const { card, runs, shadow } = known;
    const followed = followedRun(card, runs);
    const { run, without } = runToShow(asked.run, followed, runs);
    showInstead(run, without, known);
    const grid = asked.layout === "grid" && productsOf(run, runs).length > 1;
    const beside = grid ? LIVE : besideOf(asked.beside, shadow);
    const { live, its, all: products } = offered(beside, run, runs, shadow);
    const name = chosenProduct(asked.product, products);
    const sides = { live: live.find((one) => one.name === name), its: its.find((one) => one.name === name) };
    const of = beside === "shadow" || (beside !== LIVE && !sides.live) ? "shadow" : "live";
    const listed = of === "shadow" ? sides.its : sides.live;
    const choice = wanted({ ...asked, beside }, listed?.display);
    const previous = previousRun(run, runsOf(of));
    showRuns(choice, runs, run, followed);
    showParameters(run, products);
    const mark = JSON.stringify([
      choice, marks.key(), colours().ink, followed, runs.map((one) => [one.run, one.ended, one.figure]), live, its,
      productsOf(previous, runsOf(of)), shadow && { ...shadow, runs: null },
    ]);
    if (mark === shown) return; // most news are not about the result
    shown = "";
    const got = new Map();
    let missed = false;
    const noted = (asked) => asked.catch((error) => {
      missed = true; // what is drawn without it is not what was asked for: the next news draw it again
      throw error;
    });
    const fetch = (spec) => noted(fetched(spec, got));
    const kind = listed?.display?.kind === "table" && listed.kind !== "scalar" ? "table" : listed?.kind ?? null;
    const facts = { products, name, previous, kind: grid ? "grid" : kind, rows: [], display: listed?.display, shadow };
    showControls(choice, facts);
    showTabs(products, name, !grid);
    link(run, runs.find((one) => one.run === run)?.figure);
    show(byId("shown"), !grid);
    show(byId("grid"), grid);
    if (grid) {
      await showGrid(products, { run, theme: colours(), fetch });
      kept = got;
      shown = missed ? "" : mark;
      return done(run, "", products.map((one) => one.version).join(" "), beside);
    }
    clearGrid();
    if (listed) offer(run, name, kind, of);
    const both = sides.live && sides.its;
    const found = both ? await noted(compared({ run, name, kind: listed.kind, sides }, got)).catch((error) => error) : null;
    showCompared(beside, { shadow, run, name, ...sides, found });
    const version = beside === "difference" ? await drawDifference(found, choice)
      : await drawResult(choice, { run, name, of, listed, kind, previous, sides, fetch, facts });
    kept = got;
    done(run, version ? name : "", version, beside);
    shown = missed ? "" : mark;
  }

  /** Draw the result; its version, or empty if there is none. */
  async function drawResult(choice, { run, name, of, listed, kind, facts, ...how }) {
    const base = listed ? await how.fetch({ run, name, kind: listed.kind, of }) : null;
    if (base?.kind === "2d" && kind === "2d") showControls(choice, { ...facts, kind: "2d", rows: wantedRows(choice.rows, base.rows) });
    if (!base) {
      blank(run ? `Run ${run} has no result yet.` : "No result yet.", false);
      return "";
    }
    await drawProduct(base, choice, { run, name, of, ...how });
    const whose = spokenBeside(choice.beside);
    put(byId("caption"), caption(base, listed));
    plot.setAttribute("aria-label", spoken(base) + (whose && ` (${whose})`));
    return base.version;
  }

  /** Draw the deviations; the version of what is compared, or empty if there is nothing to draw. */
  async function drawDifference(found, choice) {
    if (!found?.drawn) {
      blank(whyNothing(found), true);
      return found?.version ?? "";
    }
    const { traces, shape } = deviationDrawing(found.drawn, choice, { theme: colours() });
    onlyShow(plot);
    await draw(plot, traces, shape);
    put(byId("caption"), caption(found.drawn, null));
    plot.setAttribute("aria-label", `${spoken(found.drawn)} (${spokenBeside("difference")})`);
    return found.version;
  }

  function whyNothing(found) {
    if (found instanceof Error) return "The difference is not known. It is asked for again with the next news.";
    const alike = found && !found.problem;
    return alike ? "There are no deviations to draw: it is a single value, or has no errors." : "Both cannot be compared.";
  }

  const runsOf = (of) => (of === "shadow" ? known.shadow?.runs ?? [] : known.runs);

  async function fetched(spec, got) {
    const { run, name, row = null, of = "live" } = spec;
    const version = productsOf(run, runsOf(of)).find((one) => one.name === name)?.version;
    const max_points = MAX_VALUES[row === null ? kindOf(spec) : "1d"] ?? MAX_VALUES["2d"];
    return once(got, JSON.stringify([run, name, row, of]), version, () => product(id, { run, name, row, max_points, of }));
  }

  /** The server's answer on how both differ. */
  async function compared({ run, name, kind, sides }, got) {
    const version = `${sides.its.version}-${sides.live.version}`;
    const max_points = MAX_VALUES[kind] ?? MAX_VALUES["2d"];
    const ask = () => difference(id, { run, name, max_points });
    return once(got, JSON.stringify(["difference", run, name]), version, ask);
  }

  /** What was fetched for the last drawing if its version is still the same; an error is thrown and never kept. */
  async function once(got, key, version, ask) {
    const old = kept.get(key);
    const one = old && old.version === version ? old : { version, payload: await ask() };
    got.set(key, one);
    return one.payload;
  }

  async function drawProduct(base, choice, how) {
    const drawn = await drawing(base, choice, { ...how, theme: colours() });
    if (drawn.what === "scalar") {
      const other = choice.beside === "both" && how.of === "live" && how.sides.its
        ? await how.fetch({ run: how.run, name: how.name, kind: "scalar", of: "shadow" }).catch(() => null) : null;
      put(byId("scalar"), other ? `${number(base)} in use, ${number(other)} in the shadow` : number(base));
      return onlyShow(byId("scalar"));
    }
    if (drawn.what === "table") {
      showTable(byId("table"), base);
      return onlyShow(byId("table"));
    }
    onlyShow(plot);
    const image = base.kind === "2d" && choice.view !== "spectra" ? base : null;
    marks.tell(image);
    return draw(plot, drawn.traces, image ? marks.shape(drawn.shape) : drawn.shape);
  }

  const number = ({ signal, errors, units }) => `${measured(signal, errors)} ${inSigns(units)}`;

  function onlyShow(node) {
    marks.tell(null);
    for (const one of [plot, byId("scalar"), byId("table"), byId("blank")]) show(one, one === node);
  }

  function kindOf({ run, name, kind, of }) {
    const listed = productsOf(run, runsOf(of)).find((one) => one.name === name);
    return listed?.display?.kind === "table" ? "table" : kind;
  }

  function blank(text, downloads) {
    onlyShow(byId("blank"));
    show(byId("downloads"), downloads && byId("nxs").hasAttribute("href"));
    put(byId("blank"), text);
    put(byId("caption"), "");
    clear(plot);
    kept = new Map();
  }

  function offer(run, name, kind, of) {
    show(byId("downloads"), true);
    show(byId("png"), kind !== "table");
    for (const kind of ["nxs", "csv", "png"]) byId(kind).setAttribute("href", download(id, run, name, kind, of));
  }

  function link(run, version) {
    const figure = byId("figure");
    show(figure, Boolean(version));
    if (version) figure.setAttribute("href", figurePath(id, run, version));
  }

  // for benchmarks and tests: what is on screen now
  function done(run, name, version, beside) {
    Object.assign(plot.dataset, { run, name, version, beside, drawn: ++drawn });
  }

  onChoice(redraw);
  onTheme(redraw);
  byId("whole").addEventListener("click", () => wholeRange(plot));

  return {
    update(detail) {
      known = { card: detail.card, status: detail.status, runs: detail.runs, shadow: detail.shadow };
      redraw();
    },
    changed(fact, of = "live") {
      const listed = productsOf(fact.run, runsOf(of)).find((one) => one.name === fact.name);
      if (!listed || listed.version === fact.version) return; // an unknown product comes with the next `update`
      listed.version = fact.version;
      redraw();
    },
  };
}
