// The run table on the page: heads that sort, a line for each run, sparklines.

import { element, keep, put } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 58;
const HEIGHT = 16;

/** Show the heads; `sort` is called with the key of the one that was pressed. */
export function showHeads(line, columns, order, sort) {
  keep(line, [{ key: "", label: "" }, ...columns], (one) => one.key, (one) => {
    const head = element("th", { scope: "col" });
    if (one.key) {
      const button = element("button", { type: "button" });
      button.addEventListener("click", () => sort(head.dataset.key));
      head.append(button);
    } else {
      head.append(element("span", { class: "unseen" }, "chosen"));
    }
    return head;
  }, (head, one) => {
    if (!one.key) return;
    head.className = one.value ? "" : "text";
    put(head.firstChild, one.label);
    head.setAttribute("aria-sort", one.key === order.key ? (order.descending ? "descending" : "ascending") : "none");
  });
}

/** Show the rows; `pageOf` gives the address of a run's result. */
export function showRows(body, rows, columns, chosen, pageOf) {
  const layout = columns.map((one) => one.key).join("\n");
  keep(body, rows, (row) => row.run, () => element("tr"), (line, row) => {
    line.toggleAttribute("data-chosen", chosen.has(row.run));
    const mark = JSON.stringify([layout, row]);
    if (line.mark !== mark) {
      line.mark = mark;
      line.dataset.state = row.state;
      line.toggleAttribute("data-changed", row.changed.length > 0);
      line.replaceChildren(tick(row), ...columns.map((column) => cell(row, column, pageOf)));
    }
    line.querySelector("input").checked = chosen.has(row.run);
  });
}

function tick(row) {
  const box = element("input", { type: "checkbox", "aria-label": `Overlay the result of run ${row.run}` });
  box.value = row.run;
  box.disabled = !row.has_products;
  if (box.disabled) box.title = "Its results are not kept any more";
  return element("td", {}, box);
}

function cell(row, column, pageOf) {
  const node = element("td", { class: column.value ? "number" : `text of-${column.key}` });
  switch (column.key) {
    case "run":
      node.append(row.has_products ? element("a", { href: pageOf(row.run) }, column.text(row)) : column.text(row));
      break;
    case "state":
      node.append(element("span", { class: "word" }, row.state));
      if (row.reason) node.append(element("span", { class: "reason", title: row.reason }, row.reason));
      break;
    case "scripts":
      node.append(element("code", {}, column.text(row)));
      if (row.changed.length) node.append(changed(row.changed));
      node.title = Object.entries(row.scripts).map(([name, md5]) => `${name} ${md5}`).join("\n");
      break;
    default:
      node.append(column.text(row));
      if (column.key === "title") node.title = row.title;
      if (column.spark) node.append(spark(column.spark(row)));
  }
  return node;
}

function changed(names) {
  const words = `changed: ${names.join(", ")}`;
  return element("span", { class: "sign", title: words }, "✎", element("span", { class: "unseen" }, words));
}

/** The values of a metric over the run, as a line without a scale. */
function spark(values) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "spark");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", sparkPath(values));
  svg.append(path);
  return svg;
}

/** The line as an SVG path; a gap where there is no value. */
export function sparkPath(values) {
  const there = values.filter((value) => value !== null);
  if (there.length < 2) return "";
  const least = Math.min(...there);
  const range = Math.max(...there) - least || 1;
  const step = WIDTH / (values.length - 1);
  let pen = "M";
  return values.map((value, i) => {
    if (value === null) {
      pen = "M";
      return "";
    }
    const y = HEIGHT - 1 - ((HEIGHT - 2) * (value - least)) / range;
    const point = `${pen}${(i * step).toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
    return point;
  }).join("");
}
