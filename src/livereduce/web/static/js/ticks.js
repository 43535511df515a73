// What an axis shows if there is only one place on it: else plotly divides next to nothing into unreadable parts. Pure.

import { wallClock } from "./text.js";

const MINUTE_MS = 60_000;

/** The axis of times that are all the same (milliseconds), or nothing where they are not. */
export function oneTime(times) {
  if (!alike(times)) return {};
  return {
    range: [times[0] - MINUTE_MS, times[0] + MINUTE_MS].map(wallClock), autorange: false,
    tickmode: "array", tickvals: [wallClock(times[0])], tickformat: "%H:%M:%S",
  };
}

/** The axis of values that are all the same, with room for their errors, or nothing where they are not. */
export function oneValue(values, errors = []) {
  if (!alike(values)) return {};
  const room = Math.max(...errors.map((error) => 2 * (error ?? 0)), 0) || Math.abs(values[0]) / 10 || 1;
  return {
    range: [values[0] - room, values[0] + room], autorange: false,
    tickmode: "array", tickvals: [values[0]], ticktext: [String(Number(values[0].toPrecision(6)))],
  };
}

/** The axis of whole numbers, such as runs: no ticks between them. */
export function wholeNumbers(values) {
  const span = Math.max(...values) - Math.min(...values);
  return span > 0 && span < 8 ? { dtick: 1, tickformat: "d" } : { tickformat: "d" };
}

function alike(values) {
  return values.length > 0 && Number.isFinite(values[0]) && values.every((value) => value === values[0]);
}
