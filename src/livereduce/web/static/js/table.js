// Products that want to be shown as a table.

import { centres } from "./curve.js";
import { element } from "./dom.js";
import { inSigns, measured, withUnits } from "./text.js";

const MAX_ROWS = 500;

/** True if a product is to be shown as a table. */
export const isTable = (product) => product.display?.kind === "table" && product.kind !== "scalar";

/** Headings and rows of texts. Pure. */
export function cells(product) {
  const { labels, signal, errors } = product;
  if (product.kind === "1d") {
    const places = labels.length ? labels : numbers(product.axes[0], signal.length);
    const head = labels.length ? ["", inSigns(product.units)] : [heading(product.axes[0]), withUnits(product.name, product.units)];
    return { head, rows: signal.map((value, i) => [places[i] ?? "", measured(value, errors?.[i])]) };
  }
  const [down, across] = product.axes;
  const columns = labels.length ? labels : numbers(across, signal[0]?.length ?? 0);
  const places = numbers(down, signal.length);
  return {
    head: [labels.length ? "" : heading(down), ...columns],
    rows: signal.map((row, i) => [places[i], ...row.map((value, j) => measured(value, errors?.[i]?.[j]))]),
  };
}

const heading = (axis) => withUnits(axis.name, axis.units);
const numbers = (axis, length) => centres(axis.values, length).map((value) => String(Number((value ?? NaN).toPrecision(6))));

/** Fill a node with the table. */
export function showTable(node, product) {
  const { head, rows } = cells(product);
  const line = (tag, texts) => element("tr", {}, ...texts.map((text, at) => (
    tag === "th" || at === 0 ? element("th", { scope: tag === "th" ? "col" : "row" }, text) : element(tag, {}, text))));
  const table = element("table", { class: "values" },
    element("thead", {}, line("th", head)),
    element("tbody", {}, ...rows.slice(0, MAX_ROWS).map((texts) => line("td", texts))));
  const more = rows.length > MAX_ROWS
    ? [element("p", { class: "quiet" }, `The first ${MAX_ROWS} of ${rows.length} rows; all of them are in the CSV.`)] : [];
  node.replaceChildren(table, ...more);
}
