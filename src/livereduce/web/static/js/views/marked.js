// A rectangle marked on the image of a product: the region of the detector that it is, or the sum over it. Pure.

import { centres } from "../curve.js";
import { inSigns, measured } from "../text.js";

const PIXELS = /^(pixel|pixels|pixel[ _]?id|detector[ _]?id|detector[ _]?number|event[ _]?id)$/i;
const TIMES = /^(tof|time[ -_]?of[ -_]?flight)$/i;
const MICROSECONDS = { us: 1, µs: 1, μs: 1, microsecond: 1, microseconds: 1, ns: 1e-3, ms: 1e3, s: 1e6 };
const MAX_PARTS = 300;

/** The rectangle that a text of an address says, lower corner first; null if it is none. */
export function rectangleOf(text) {
  const [x0, y0, x1, y1] = (text ?? "").split(",").map((part) => (part === "" ? NaN : Number(part)));
  if (![x0, y0, x1, y1].every(Number.isFinite)) return null;
  return [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
}

const within = (values, low, high) => values.flatMap((value, at) => (value >= low && value <= high ? [at] : []));

/** The sum over the values whose middle lies in the rectangle, with its error; and how many they are. */
export function sumOver(product, [x0, y0, x1, y1]) {
  const [up, across] = product.axes;
  const rows = within(centres(up.values, product.signal.length), y0, y1);
  const columns = within(centres(across.values, product.signal[0]?.length ?? 0), x0, x1);
  const squared = (values) => rows.reduce((sum, row) => columns.reduce((part, column) => part + (values[row][column] ?? 0) ** 2, sum), 0);
  const sum = rows.reduce((all, row) => columns.reduce((part, column) => part + (product.signal[row][column] ?? 0), all), 0);
  return { sum, error: product.errors ? Math.sqrt(squared(product.errors)) : null, rows: rows.length, columns: columns.length };
}

/** The region of the detector that a rectangle is, where the axes are pixel numbers and times of flight; else null. */
export function regionMarked(product, [x0, y0, x1, y1], name = "marked") {
  const [up, across] = product.axes;
  const sides = [[across, x0, x1, product.signal[0]?.length], [up, y0, y1, product.signal.length]];
  const [of_pixels, of_times] = [PIXELS, TIMES].map((word) => sides.find(([axis]) => word.test(axis.name)));
  const unit = of_times && MICROSECONDS[of_times[0].units];
  if (!of_pixels || !unit) return null;
  const pixels = pixelsWithin(of_pixels, Boolean(product.thinned));
  const [low, high] = [of_times[1], of_times[2]].map((value) => Number((Math.max(0, value) * unit).toPrecision(7)));
  return pixels && low < high ? { name, kind: "pixels", pixels, tof_min_us: low, tof_max_us: high } : null;
}

// The rows of a thinned image are means of several pixels: then all pixels between the two ends belong to it.
function pixelsWithin([axis, low, high, length], thinned) {
  const there = centres(axis.values, length).filter((value) => value >= low && value <= high);
  const numbers = there.map((value) => Math.round(value)).sort((a, b) => a - b);
  const whole = thinned || !there.every((value) => Number.isInteger(value)) || !numbers.length;
  const parts = whole ? [[Math.max(0, Math.ceil(low)), Math.floor(high)]] : joined(numbers);
  if (parts.length > MAX_PARTS || parts[0][1] < parts[0][0]) return "";
  return parts.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

/** Numbers in order as ranges without gaps. */
function joined(numbers) {
  const parts = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last && number <= last[1] + 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts;
}

/** What is said below the image. */
export function inWords(product, rectangle) {
  const { sum, error, rows, columns } = sumOver(product, rectangle);
  if (!rows || !columns) return "No value of the image lies in the marked rectangle.";
  const value = `${measured(sum, error)} ${inSigns(product.units)}`.trim();
  const means = product.thinned ? `; the image is thinned for the screen (${product.thinned}), so this is a sum of means` : "";
  return `Sum over the marked rectangle of the image itself, ${rows} × ${columns} values: ${value}${means}.`;
}
