// The controls of the result: run, product, display. They only show and report choices.

import { choices, choose } from "./address.js";
import { byId, element, keep, options, put, show } from "./dom.js";
import { onCell } from "./grid.js";
import { keepLayout, keptLayout, onTab } from "./tabs.js";
import { when } from "./text.js";

// What is not chosen: null is what the product asks for.
const TICKS = { logx: null, logy: null, bars: "1", previous: "0" };
const ALONE = { also: "", logx: "", logy: "", view: "", rows: "", mark: "" };
let asked_for = { logx: "0", logy: "0" };

/** Call `changed` whenever the viewer chose something. */
export function onChoice(changed) {
  const tell = (changes) => {
    choose(changes);
    changed();
  };
  byId("run").addEventListener("change", (event) => tell({ run: event.target.value }));
  onTab((name) => tell({ product: name, ...ALONE }));
  onCell((name) => {
    keepLayout("tabs");
    tell({ product: name, ...ALONE });
  });
  byId("layout").addEventListener("change", (event) => {
    keepLayout(event.target.value);
    changed();
  });
  byId("beside").addEventListener("change", (event) => tell({ beside: event.target.value }));
  byId("view").addEventListener("change", (event) => tell({ view: event.target.value }));
  byId("rows").addEventListener("change", (event) => tell({ rows: event.target.value.trim() }));
  for (const [name, usual] of Object.entries(TICKS)) {
    byId(name).addEventListener("change", (event) => {
      const value = event.target.checked ? "1" : "0";
      tell({ [name]: value === (usual ?? asked_for[name]) ? "" : value });
    });
  }
  byId("others").addEventListener("change", () => {
    const also = [...byId("others").querySelectorAll("input:checked")].map((box) => box.value);
    tell({ also: also.length ? JSON.stringify(also) : "" });
  });
  byId("choice").addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", changed);
}

/** The choices, with defaults where nothing was chosen. */
export function chosen() {
  const all = choices();
  const tick = (name, usual) => (all[name] === undefined && usual === null ? null : (all[name] ?? usual) === "1");
  const ticks = Object.fromEntries(Object.entries(TICKS).map(([name, usual]) => [name, tick(name, usual)]));
  const { run = "", product = "", view = "", rows = "", beside = "" } = all;
  return { ...ticks, run, product, view, rows, beside, also: names(all.also), layout: keptLayout() };
}

function names(text) {
  try {
    const list = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list.map(String) : [];
  } catch {
    return [];
  }
}

/** Show the current choices in the controls. */
export function showControls(choice, { products, name, kind, previous, rows, display, shadow }) {
  asked_for = { logx: display?.x_log ? "1" : "0", logy: display?.y_log ? "1" : "0" };
  const image = kind === "2d" && choice.view !== "spectra";
  const plotted = kind === "1d" || kind === "2d" || !kind;
  byId("layout").value = choice.layout;
  show(byId("layout-label"), products.length > 1);
  const deviates = choice.beside === "difference";
  show(byId("beside-label"), Boolean(shadow) && kind !== "grid");
  byId("beside").value = choice.beside;
  show(byId("view-label"), kind === "2d" && !deviates);
  byId("view").disabled = choice.beside === "both";
  show(byId("rows-label"), kind === "2d" && !image && !deviates);
  for (const label of ["logx-label", "whole"]) show(byId(label), plotted);
  show(byId("logy-label"), plotted && !deviates);
  show(byId("bars-label"), plotted && !image && !deviates);
  show(byId("previous-label"), plotted && !image && !deviates);
  byId("view").value = choice.view;
  if (document.activeElement !== byId("rows")) byId("rows").value = rows.join(", ");
  for (const tick of Object.keys(TICKS)) byId(tick).checked = choice[tick];
  byId("previous").disabled = previous === null;
  put(byId("logy-text"), image ? "log colour" : "log y");
  showOthers(choice, products, name, deviates ? null : kind);
}

/** Show the runs to choose from: their times change also while another run is drawn. */
export function showRuns(choice, runs, run, followed) {
  const names = runs.map((one) => [String(one.run), runText(one)]);
  options(byId("run"), [["", `newest (${followed || "between runs"})`], ...names], choice.run === "" ? "" : String(run));
}

function runText(one) {
  const last = one.products.map((product) => product.updated).filter(Boolean).sort().at(-1);
  const number = one.run ? `run ${one.run}` : "between runs";
  const incomplete = one.products.some((product) => product.incomplete) ? ", incomplete" : "";
  return `${number}${one.ended ? ", ended" : ""}${incomplete}${last ? `, ${when(last)}` : ""}`;
}

function showOthers(choice, products, name, kind) {
  const others = kind === "1d" ? products.filter((one) => one.kind === "1d" && one.display?.kind !== "table" && one.name !== name) : [];
  const box = byId("others");
  show(box, others.length > 0);
  let list = box.querySelector("div");
  if (!list) {
    list = element("div");
    box.append(list);
  }
  keep(list, others, (one) => one.name, tickBox, (label, one) => {
    label.querySelector("input").checked = choice.also.includes(one.name);
  });
}

function tickBox(one) {
  const input = element("input", { type: "checkbox" });
  input.value = one.name;
  return element("label", { class: "tick" }, input, ` ${one.name}`);
}
