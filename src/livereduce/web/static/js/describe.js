// A product in words: the caption below the plot, and the text for screen readers.

import { centres } from "./curve.js";
import { inSigns, measured, when, whole, withUnits } from "./text.js";

/** One line of facts: size, events, time, and what is missing or downsampled. */
export function caption(product, listed) {
  const facts = product.attributes ?? {};
  const parts = [product.title, product.run ? `Run ${product.run}` : "Between runs", size(product)];
  if (facts.events !== undefined) parts.push(`${whole(facts.events)} events`);
  if (listed?.updated) parts.push(`written ${when(listed.updated)}`);
  if (product.thinned) parts.push(product.thinned);
  if (product.note) parts.push(product.note);
  if (facts.incomplete) parts.push(`incomplete: ${facts.incomplete}`);
  return parts.filter(Boolean).join(" · ");
}

function size(product) {
  if (product.kind === "2d") return `${product.signal.length} × ${product.signal[0]?.length ?? 0}`;
  return product.kind === "1d" ? `${whole(product.signal.length)} points` : "";
}

/** A sentence on the plot. */
export function spoken(product) {
  const name = `${product.name} of run ${product.run}`;
  if (product.kind === "scalar") return `${name}: ${measured(product.signal, product.errors)} ${inSigns(product.units)}`;
  const values = product.signal.flat();
  let top = -1;
  values.forEach((value, i) => {
    if (value !== null && (top < 0 || value > values[top])) top = i;
  });
  if (top < 0) return `${name}: no values`;
  const highest = `highest ${Number(values[top].toPrecision(4))} ${inSigns(product.units)}`;
  if (product.kind === "2d") return `Image of ${name}, ${size(product)} values, ${highest}`;
  const x = centres(product.axes[0].values, values.length);
  const at = (i) => Number(x[i].toPrecision(4));
  const across = withUnits(product.axes[0].name, product.axes[0].units);
  return `Curve of ${name} over ${across} from ${at(0)} to ${at(x.length - 1)}, ${highest} at ${at(top)}`;
}
