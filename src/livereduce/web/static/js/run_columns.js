// The columns of the run table: what each says of a row, as a number and as a text. Pure functions.

import { dayAndTime, inSigns, measured, short, span, whole, zone } from "./text.js";

const PC_PER_UAH = 3.6e9;
/** How many metrics are shown until the viewer chooses. */
const FIRST_METRICS = 6;

const seconds = (iso) => (iso ? Date.parse(iso) / 1000 : NaN);
const known = (value) => (Number.isFinite(value) ? value : null);

const TITLE = { key: "title", label: "title", word: (row) => row.title, text: (row) => row.title };
const FACTS = [
  { key: "run", label: "run", value: (row) => row.run, text: (row) => String(row.run) },
  TITLE,
  { key: "state", label: "state", word: (row) => row.state, text: (row) => row.state },
  {
    key: "start", label: `start (${zone()})`, time: true, value: (row) => known(seconds(row.start_time)),
    text: (row) => (row.start_time ? dayAndTime(row.start_time) : "–"),
  },
  {
    key: "lasted", label: "lasted", units: "s", value: (row) => known(seconds(row.end_time) - seconds(row.start_time)),
    text: (row) => span(known(seconds(row.end_time) - seconds(row.start_time))),
  },
  { key: "events", label: "events", value: (row) => row.events, text: (row) => whole(row.events) },
  {
    key: "charge", label: "charge (µAh)", units: "µAh", value: (row) => row.proton_charge_pc / PC_PER_UAH,
    text: (row) => short(row.proton_charge_pc / PC_PER_UAH),
  },
];
const SCRIPTS = { key: "scripts", label: "scripts", word: (row) => row.script_set, text: (row) => row.script_set || "–" };

/** All columns: what is known of each run, a column for each metric, the scripts. */
export function allColumns(metrics) {
  return [...FACTS, ...metrics.map(ofMetric), SCRIPTS];
}

function ofMetric({ key, name, units, scripts }) {
  const signs = inSigns(units);
  const label = `${name}${scripts ? ` by ${scripts}` : ""}`;
  const of = (row) => row.metrics[key];
  return {
    key: `m:${key}`, metric: key, label: signs ? `${label} (${signs})` : label, name: label, units,
    value: (row) => of(row)?.value ?? null, error: (row) => of(row)?.error ?? null,
    spark: (row) => of(row)?.spark ?? [], text: (row) => (of(row) ? measured(of(row).value, of(row).error) : "–"),
  };
}

/** The columns that are shown: those chosen (a list of keys), else all facts and the first metrics. */
export function shownColumns(columns, chosen) {
  if (chosen) return columns.filter((one) => one.key === "run" || chosen.includes(one.key));
  let metrics = 0;
  return columns.filter((one) => !one.metric || metrics++ < FIRST_METRICS);
}

/** The columns that can be drawn: those with numbers. */
export const drawable = (columns) => columns.filter((one) => one.value);

/** The rows in the order of a column; what is not known comes last, whatever the direction. */
export function inOrder(rows, column, descending) {
  const of = column.value ?? ((row) => column.word(row) || null);
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [of(a), of(b)];
    if (x === null || y === null) return (x === null) - (y === null) || b.run - a.run;
    return sign * (typeof x === "string" ? x.localeCompare(y) : x - y) || b.run - a.run;
  });
}
