// All products of a run side by side, each as it wants to be shown.

import { element, byId, keep, put, show } from "./dom.js";
import { clear, draw } from "./plot.js";
import { drawing, wanted } from "./product_plot.js";
import { showTable } from "./table.js";
import { inSigns, measured } from "./text.js";

const PLAIN = { logx: null, logy: null, view: "", rows: "", bars: true, previous: false, also: [] };

/** Call `open` with the name of the product whose heading was chosen. */
export function onCell(open) {
  byId("grid").addEventListener("click", (event) => {
    const heading = event.target.closest("h3 button");
    if (heading) open(heading.closest(".cell").dataset.key);
  });
}

/** Draw the products; `fetch` gets one as the server gives it. One that cannot be shown says why in its place. */
export async function showGrid(products, { run, theme, fetch }) {
  const grid = byId("grid");
  keep(grid, products, (one) => one.name, makeCell, (cell, one) => put(cell.querySelector("h3 button"), one.name));
  await Promise.all(products.map(async (one, at) => {
    const cell = grid.children[at];
    try {
      await fill(cell, await fetch({ run, name: one.name, kind: one.kind }), { run, theme, fetch });
    } catch (error) {
      says(cell, `It cannot be shown: ${error.message}`);
    }
  }));
}

/** Remove all plots. */
export function clearGrid() {
  for (const cell of byId("grid").children) clear(cell.querySelector(".cell-plot"));
  byId("grid").replaceChildren();
}

function makeCell() {
  return element("figure", { class: "cell" },
    element("h3", {}, element("button", { type: "button", title: "Show it alone" })),
    element("div", { class: "cell-plot" }), element("div", { class: "cell-text" }), element("figcaption", {}));
}

async function fill(cell, product, { run, theme, fetch }) {
  const { version, ink } = { version: product.version, ink: theme.ink };
  const mark = JSON.stringify([run, version, ink]);
  if (cell.dataset.mark === mark) return;
  const drawn = await drawing(product, wanted(PLAIN, product.display), { run, name: product.name, previous: null, theme, fetch });
  put(cell.querySelector("figcaption"), product.title);
  const [plot, text] = [cell.querySelector(".cell-plot"), cell.querySelector(".cell-text")];
  show(plot, drawn.what === "plot");
  show(text, drawn.what !== "plot");
  if (drawn.what === "plot") await draw(plot, drawn.traces, drawn.shape);
  else if (drawn.what === "table") showTable(text, product);
  else put(text, `${measured(product.signal, product.errors)} ${inSigns(product.units)}`);
  cell.dataset.mark = mark;
}

function says(cell, text) {
  show(cell.querySelector(".cell-plot"), false);
  show(cell.querySelector(".cell-text"), true);
  put(cell.querySelector(".cell-text"), text);
  delete cell.dataset.mark;
}
