// The page of the run table: what the viewer chose, what the server knows, and what is drawn of it.

import { choices, choose, instrumentId, pageOf } from "./address.js";
import { tick } from "./ages.js";
import { instrument, runTable, runTableCsv } from "./api.js";
import { coalesced } from "./coalesced_fetch.js";
import { byId, element, keep, options, put, show } from "./dom.js";
import { listen } from "./events.js";
import { onTheme } from "./plot.js";
import { showHead } from "./readings.js";
import { allColumns, drawable, inOrder, shownColumns } from "./run_columns.js";
import { passes } from "./run_filter.js";
import { drawAgainst, overlay } from "./run_plots.js";
import { showHeads, showRows } from "./run_rows.js";
import { chosenProduct, productsOf } from "./selection.js";

const id = instrumentId();
const resultOf = (run) => pageOf(id, `#run=${run}`);
let known = { card: null, status: null, runs: [], rows: [], columns: allColumns([]) };

const pull = coalesced(async () => {
  const [detail, table] = await Promise.all([instrument(id), runTable(id)]);
  known = { card: detail.card, status: detail.status, runs: detail.runs, rows: table.runs, columns: allColumns(table.columns) };
  redraw();
}, { gap_ms: 1000, failed: (error) => unknown(`The runs cannot be shown: ${error.message}`) });

const drawPlots = coalesced(async () => {
  const { rows, columns } = shown();
  const can = drawable(known.columns);
  await drawAgainst(rows, known.rows, one(can, choices().x, "run"), one(can, choices().y, firstToDraw(columns)));
  await drawOverlay();
});
const drawCurves = overlay(id);

const one = (columns, key, usual) => columns.find((each) => each.key === key) ?? columns.find((each) => each.key === usual);
const firstToDraw = (columns) => columns.find((each) => each.metric)?.key ?? "events";
const listOf = (text) => (text ? text.split(",") : null);
const chosenRuns = () => new Set((listOf(choices().over) ?? []).map(Number));

/** What the table shows now: columns, and rows in their order. */
function shown() {
  const { filter = "", sort = "run", down = "1" } = choices();
  const column = one(known.columns, sort, "run");
  const order = { key: column.key, descending: down === "1" };
  const rows = known.rows.filter(passes(filter, known.columns));
  return { order, rows: inOrder(rows, column, order.descending), columns: shownColumns(known.columns, columnsChosen()) };
}

function columnsChosen() {
  try {
    const keys = JSON.parse(choices().columns ?? "null");
    return Array.isArray(keys) ? keys.map(String) : null;
  } catch {
    return null;
  }
}

function redraw() {
  showHead(known.card, known.status);
  document.title = `${known.card.name || id}: runs`;
  const { order, rows, columns } = shown();
  show(byId("scroll"), known.rows.length > 0);
  show(byId("blank"), known.rows.length === 0);
  put(byId("blank"), "No runs yet.");
  put(byId("count"), rows.length === known.rows.length ? `${rows.length} runs` : `${rows.length} of ${known.rows.length} runs`);
  byId("table").dataset.order = order.key;
  showHeads(byId("heads"), columns, order, sortBy);
  showRows(byId("rows"), rows, columns, chosenRuns(), resultOf);
  showChoices(columns);
  drawPlots();
}

function showChoices(columns) {
  const keys = columns.map((each) => each.key);
  keep(byId("columns"), known.columns.filter((each) => each.key !== "run"), (each) => each.key, (each) => {
    const box = element("input", { type: "checkbox" });
    box.value = each.key;
    return element("label", { class: "tick" }, box, element("span"));
  }, (label, each) => {
    put(label.lastChild, each.label);
    label.firstChild.checked = keys.includes(each.key);
  });
  const can = drawable(known.columns);
  const names = can.map((each) => [each.key, each.label]);
  options(byId("draw-x"), names, one(can, choices().x, "run").key);
  options(byId("draw-y"), names, one(can, choices().y, firstToDraw(columns)).key);
  if (document.activeElement !== byId("filter")) byId("filter").value = choices().filter ?? "";
  for (const name of ["logx", "logy"]) byId(name).checked = choices()[name] === "1";
}

function drawOverlay() {
  const chosen = chosenRuns();
  const runs = known.runs.filter((run) => chosen.has(run.run)).sort((a, b) => a.run - b.run);
  const names = [...new Set(known.runs.flatMap((run) => run.products.filter((each) => each.kind === "1d").map((each) => each.name)))];
  const name = chosenProduct(choices().product ?? "", names.map((each) => ({ name: each }))) ?? "";
  options(byId("product"), names.map((each) => [each, each]), name);
  show(byId("product-label"), names.length > 1);
  show(byId("none"), chosen.size > 0);
  const versions = runs.map(({ run }) => ({ run, version: productsOf(run, known.runs).find((each) => each.name === name)?.version }));
  return drawCurves({ runs: versions, name, logx: choices().logx === "1", logy: choices().logy === "1" });
}

function sortBy(key) {
  const { order } = shown();
  const column = one(known.columns, key, "run");
  const descending = order.key === key ? !order.descending : Boolean(column.value);
  change({ sort: key === "run" ? "" : key, down: descending ? "" : "0" });
}

function change(changes) {
  choose(changes);
  redraw();
}

function attend() {
  for (const [name, key] of [["draw-x", "x"], ["draw-y", "y"], ["product", "product"]]) {
    byId(name).addEventListener("change", (event) => change({ [key]: event.target.value }));
  }
  for (const name of ["logx", "logy"]) {
    byId(name).addEventListener("change", (event) => change({ [name]: event.target.checked ? "1" : "" }));
  }
  byId("filter").addEventListener("input", () => change({ filter: byId("filter").value.trim() }));
  byId("none").addEventListener("click", () => change({ over: "" }));
  byId("columns").addEventListener("change", () => {
    const keys = [...byId("columns").querySelectorAll("input:checked")].map((box) => box.value);
    change({ columns: JSON.stringify(keys) });
  });
  byId("rows").addEventListener("change", (event) => {
    const chosen = chosenRuns();
    if (event.target.checked) chosen.add(Number(event.target.value));
    else chosen.delete(Number(event.target.value));
    change({ over: [...chosen].join(",") });
  });
  for (const name of ["finding", "axes", "overlaying"]) {
    byId(name).addEventListener("submit", (event) => event.preventDefault());
  }
  addEventListener("hashchange", redraw);
  onTheme(redraw);
}

function unknown(reason) {
  if (known.card) return;
  show(byId("blank"), true);
  put(byId("blank"), reason);
}

async function start() {
  put(byId("name"), id);
  document.title = id;
  byId("live").setAttribute("href", pageOf(id));
  byId("detector-page").setAttribute("href", pageOf(id, "/detector"));
  byId("csv").setAttribute("href", runTableCsv(id));
  tick();
  try {
    await instrument(id);
  } catch (error) {
    if (error.status === 404) return unknown(error.message); // an event stream of an unknown instrument would be refused
  }
  attend();
  listen(id, {
    connected: pull, down: pull, product: pull,
    status: ({ card }) => {
      const before = known.card;
      known = { ...known, card };
      if (before) showHead(card, known.status);
      if (!before || ["state", "run", "run_state", "down"].some((key) => before[key] !== card[key])) pull();
    },
  });
}

setInterval(pull, 10_000); // what is reduced again beside the service sends no events
start();
