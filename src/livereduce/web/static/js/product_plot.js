// What is drawn of a product: a number, a table, an image, or curves; as it asks for unless the viewer has chosen.

import { curveLayout, curveTraces } from "./curve.js";
import { imageLayout, imageTraces } from "./image.js";
import { firstRows, parsedRows } from "./selection.js";
import { isTable } from "./table.js";

/** The viewer's choice, filled up with what the product asks for. */
export function wanted(choice, display) {
  return {
    ...choice,
    logx: choice.logx ?? display?.x_log ?? false,
    logy: choice.logy ?? display?.y_log ?? false,
    // two images cannot lie over each other
    view: choice.beside === "both" ? "spectra" : choice.view || (display?.kind === "line" ? "spectra" : "image"),
    x_range: display?.x_range ?? null,
  };
}

/**
 * The drawing of a product.
 *
 * @param {object} base the product as the server gives it
 * @param {object} choice as `wanted` gives it
 * @param {{run: number, name: string, of: string, previous: number|null, theme: object, fetch: function(object)}} how
 *   `fetch` gets rows of the product, or other products; `of` is live or shadow
 * @returns {Promise<{what: string, traces?: object[], shape?: object}>} `what`: scalar, table or plot
 */
export async function drawing(base, choice, { run, name, of = "live", previous, theme, fetch }) {
  if (base.kind === "scalar") return { what: "scalar" };
  if (isTable(base)) return { what: "table" };
  const revision = JSON.stringify([name, choice.view, choice.logx, choice.logy]);
  if (base.kind === "2d" && choice.view !== "spectra") {
    const shape = imageLayout(base, theme, { ...choice, revision });
    return { what: "plot", traces: imageTraces(base, theme, { logz: choice.logy }), shape };
  }
  // an overlay that cannot be fetched is left out; the result itself is required
  const is_main = ({ spec }) => spec.run === run && spec.name === name && spec.of === of;
  const curves = await Promise.all(specs(base, choice, { run, name, of, previous }).map(async (curve) => {
    const needed = is_main(curve);
    const payload = await fetch(curve.spec).catch((error) => (needed ? Promise.reject(error) : null));
    return { ...curve, payload };
  }));
  const there = curves.filter((curve) => curve.payload?.kind === "1d");
  const olds = there.filter((curve) => curve.old).length;
  const traces = there.flatMap(({ payload, label, old }, place) => curveTraces(payload, {
    label, old, errors: choice.bars && !old,
    colour: old ? theme.old : theme.traces[(place - olds) % theme.traces.length],
  }));
  const shape = curveLayout(there.find(is_main).payload, theme, { ...choice, several: there.length > 1, revision });
  return { what: "plot", traces, shape };
}

/** The drawing of deviations, which the server gives as a product: a line, or an image that is pale where they are 0. */
export function deviationDrawing(product, choice, { theme }) {
  const drawn = { ...product, name: "deviation" };
  const revision = JSON.stringify([product.name, "difference", choice.logx]);
  if (drawn.kind === "2d") {
    const shape = imageLayout(drawn, theme, { ...choice, revision });
    return { traces: imageTraces(drawn, theme, { logz: false, diverging: true }), shape };
  }
  const traces = curveTraces(drawn, { label: "deviation", colour: theme.traces[0], old: false, errors: false });
  return { traces, shape: curveLayout(drawn, theme, { ...choice, logy: false, several: false, revision }) };
}

/** The curves to draw; the main one on top of others, the shadow on top of all. */
function specs(base, choice, { run, name, of, previous }) {
  const rows = base.kind === "2d" ? wantedRows(choice.rows, base.rows) : [null];
  const both = choice.previous && previous !== null;
  const curves = (number, old, whose = of, word = "") => rows.map((row) => ({
    spec: { run: number, name, row, kind: "1d", of: whose }, old,
    label: [both ? `run ${number}` : name, row === null ? "" : `row ${row}`, word].filter(Boolean).join(", "),
  }));
  const beside = choice.beside === "both" && of === "live" ? curves(run, false, "shadow", "shadow") : [];
  const overlaid = base.kind === "2d" ? [] : choice.also;
  const also = overlaid.map((other) => ({ spec: { run, name: other, kind: "1d", of }, old: false, label: other }));
  const word = beside.length ? "in use" : "";
  return [...(both ? curves(previous, true) : []), ...also.reverse(), ...curves(run, false, of, word), ...beside];
}

/** Rows as the viewer wrote them, else some. */
export function wantedRows(text, count) {
  const rows = parsedRows(text, count);
  return rows.length ? rows : firstRows(count);
}
