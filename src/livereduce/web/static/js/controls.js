// The controls of the result: run, product, display. They only show and report choices.

import { choices, choose } from "./address.js";
import { byId, element, keep, options, put, show } from "./dom.js";
import { when } from "./text.js";

const TICKS = { logx: "0", logy: "0", bars: "1", previous: "0" };

/** Call `changed` whenever the viewer chose something. */
export function onChoice(changed) {
  const tell = (changes) => {
    choose(changes);
    changed();
  };
  byId("run").addEventListener("change", (event) => tell({ run: event.target.value }));
  byId("product").addEventListener("change", (event) => tell({ product: event.target.value, also: "" }));
  byId("view").addEventListener("change", (event) => tell({ view: event.target.value }));
  byId("rows").addEventListener("change", (event) => tell({ rows: event.target.value.trim() }));
  for (const [name, usual] of Object.entries(TICKS)) {
    byId(name).addEventListener("change", (event) => {
      const value = event.target.checked ? "1" : "0";
      tell({ [name]: value === usual ? "" : value });
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
  const ticks = Object.fromEntries(Object.entries(TICKS).map(([name, usual]) => [name, (all[name] ?? usual) === "1"]));
  const { run = "", product = "", view = "image", rows = "" } = all;
  return { ...ticks, run, product, view, rows, also: names(all.also) };
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
export function showControls(choice, { runs, run, followed, products, name, kind, previous, rows }) {
  const runNames = runs.map((one) => [String(one.run), runText(one)]);
  options(byId("run"), [["", `newest (${followed || "between runs"})`], ...runNames], choice.run === "" ? "" : String(run));
  options(byId("product"), products.map((one) => [one.name, one.name]), name ?? "");
  const image = kind === "2d" && choice.view !== "spectra";
  show(byId("product-label"), products.length > 0);
  show(byId("view-label"), kind === "2d");
  show(byId("rows-label"), kind === "2d" && !image);
  show(byId("bars-label"), !image && kind !== "scalar");
  show(byId("previous-label"), !image && kind !== "scalar");
  byId("view").value = choice.view;
  if (document.activeElement !== byId("rows")) byId("rows").value = rows.join(", ");
  for (const tick of Object.keys(TICKS)) byId(tick).checked = choice[tick];
  byId("previous").disabled = previous === null;
  put(byId("logy-text"), image ? "log colour" : "log y");
  showOthers(choice, products, name, kind);
}

function runText(one) {
  const last = one.products.map((product) => product.updated).filter(Boolean).sort().at(-1);
  const number = one.run ? `run ${one.run}` : "between runs";
  const incomplete = one.products.some((product) => product.incomplete) ? ", incomplete" : "";
  return `${number}${one.ended ? ", ended" : ""}${incomplete}${last ? `, ${when(last)}` : ""}`;
}

function showOthers(choice, products, name, kind) {
  const others = kind === "1d" ? products.filter((one) => one.kind === "1d" && one.name !== name) : [];
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
