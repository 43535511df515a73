// The parameters of the shown result: the values that the scripts have asked for.

import { byId, element, keep, put, show } from "./dom.js";
import { inSigns } from "./text.js";

/** Show the parameters of a run's products. */
export function showParameters(run, products) {
  const rows = used(products);
  show(byId("parameters-box"), rows.length > 0);
  put(byId("parameters-title"), run ? `Parameters of run ${run}` : "Parameters between runs");
  const make = () => element("tr", {}, element("th", { scope: "row" }), element("td", { class: "value" }), element("td", { class: "of" }));
  keep(byId("parameters"), rows, keyOf, make, (line, { name, value, units, runs, md5 }) => {
    const [head, cell, of] = line.children;
    put(head, name);
    put(cell, [value, inSigns(units)].filter(Boolean).join(" "));
    put(of, [runs && `runs ${runs}`, md5 && `md5 ${md5.slice(0, 7)}`].filter(Boolean).join(", "));
    of.title = md5;
  });
}

const keyOf = ({ name, value, units, runs, md5 }) => JSON.stringify([name, value, units, runs, md5]);

/** Each of them once, by name. Pure. */
export function used(products) {
  const all = new Map(products.flatMap((one) => one.parameters ?? []).map((one) => [keyOf(one), one]));
  return [...all.values()].sort((a, b) => a.name.localeCompare(b.name));
}
