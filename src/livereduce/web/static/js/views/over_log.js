// Curves over a log: all events, a region, a monitor or a metric against the values that a log had.

import { choices, choose } from "../address.js";
import { trends } from "../api.js";
import { byId, options, put, show } from "../dom.js";
import { axis, axisTitle, clear, colours, draw, layout } from "../plot.js";
import { inSigns, when, whole, withUnits } from "../text.js";
import { logs, over } from "./ask.js";
import { patient } from "./patient.js";

const CHOICES = ["of", "log", "bins", "per"];
const NAMES = { of: "of", log: "over", bins: "bins", per: "per" };
const USUAL = { of: "total", bins: "auto", per: "charge" };

/** The panel: a function that fetches and draws what has changed. */
export function overPanel(id, store, changed) {
  const node = byId("over");
  let drawn = "";
  let shown = null;
  let count = 0;
  const ask = patient(({ of, one, log, bins, per }) => [of, one?.key, one?.region, log, bins, per], (choice) => over(id, choice));

  for (const name of CHOICES) {
    byId(`over-${name}`).addEventListener("change", (event) => {
      choose({ [NAMES[name]]: event.target.value === USUAL[name] ? "" : event.target.value });
      changed();
    });
  }
  byId("over-choice").addEventListener("submit", (event) => event.preventDefault());

  return async () => {
    const known = await logsOf(id);
    const metrics = await metricsOf(id, known.run);
    const choice = chosen(known, store.all());
    showChoices(choice, known, metrics, store.all());
    show(byId("over-choice"), known.logs.length > 0);
    const answer = choice.log ? await (missing(choice) ?? ask(choice)).catch((error) => error) : null;
    const theme = colours();
    const { one, ...choices_made } = choice; // what is counted in a region is no choice
    const mark = JSON.stringify([choices_made, theme.ink, answer instanceof Error ? answer.message : ""]);
    if (mark === drawn && answer === shown) return;
    [drawn, shown] = [mark, answer];
    const curve = answer && !(answer instanceof Error) && answer.x.length > 0 ? answer : null;
    show(node, curve !== null);
    show(byId("no-over"), curve === null);
    put(byId("no-over"), nothing(answer));
    put(byId("over-text"), curve ? said(curve) : "");
    if (curve) await draw(node, [traceOf(curve, theme)], layoutOf(curve, theme));
    else clear(node);
    node.setAttribute("aria-label", curve ? `Curve. ${said(curve)}` : "No curve yet");
    Object.assign(node.dataset, { of: choice.of, log: choice.log, bins: choice.bins, drawn: ++count });
  };
}

const NOW_AND_THEN_MS = 3000;
let logs_kept = { at: -Infinity, answer: null };

/** The logs of the run; a new one is seldom, and a value of one is no news here. */
async function logsOf(id) {
  if (performance.now() - logs_kept.at > NOW_AND_THEN_MS) logs_kept = { at: performance.now(), answer: await logs(id) };
  return logs_kept.answer;
}

let metrics_kept = { run: null, at: -Infinity, names: [] };

/** Names of the metrics of a run; asked for now and then, since a new one is seldom. */
async function metricsOf(id, run) {
  if (metrics_kept.run !== run || performance.now() - metrics_kept.at > NOW_AND_THEN_MS) {
    const { metrics } = await trends(id, run).catch(() => ({ metrics: [] }));
    metrics_kept = { run, at: performance.now(), names: metrics.map((metric) => metric.name) };
  }
  return metrics_kept.names;
}

function chosen({ logs: known }, all) {
  const { over: wanted, ...rest } = choices();
  const [of, bins, per] = ["of", "bins", "per"].map((name) => rest[name] || USUAL[name]);
  const usual = known.find((one) => one.varies) ?? known[0];
  const one = regionChosen(of, all);
  return {
    chosen: one?.key ?? of, of: one ? `region:${one.region.name}` : of, one, bins, per, log: known.some(({ name }) => name === wanted) ? wanted : usual?.name ?? "",
  };
}

const REGION = /^(saved |drawn |region:)/;

/** The region that a choice says by its key; by its name, if it was saved since, or the link says no more. */
function regionChosen(of, all) {
  if (!REGION.test(of)) return null;
  const name = of.replace(REGION, "");
  return all.find(({ key }) => key === of) ?? all.find(({ region }) => region.name === name) ?? null;
}

/** A refusal where a region is wanted that there is not, such as one that was removed; null if there is nothing against asking. */
function missing({ of, one }) {
  return REGION.test(of) && !one ? Promise.reject(new Error(`there is no region ${of.replace(REGION, "")}.`)) : null;
}

function showChoices({ chosen: of, log, bins, per }, { logs: known, monitors = [] }, metrics, all) {
  const pairs = [
    ["total", "all events"], ...all.map(({ key, saved, region }) => [key, saved ? `${region.name} (saved)` : region.name]),
    ...monitors.map((number) => [`monitor:${number}`, `monitor ${number}`]), ...metrics.map((name) => [`metric:${name}`, name]),
  ];
  if (!pairs.some(([value]) => value === of)) pairs.push([of, of]);
  options(byId("over-of"), pairs, of);
  options(byId("over-log"), known.map(({ name, units }) => [name, withUnits(name, units)]), log);
  for (const [node, value] of [[byId("over-bins"), bins], [byId("over-per"), per]]) if (node.value !== value) node.value = value;
  const is_metric = of.startsWith("metric:");
  show(byId("per-label"), !is_metric);
  show(byId("over-bins").parentElement, !is_metric);
}

function traceOf({ x, x_low, x_high, mean, error, pulses }, theme) {
  const colour = theme.traces[0];
  const bars = { color: colour, thickness: 0.8, width: 0 };
  const wide = x_low && x_high && x.some((value, at) => x_high[at] > x_low[at]);
  return {
    type: "scatter", mode: "markers", x, y: mean, marker: { size: 6, color: colour },
    error_y: error ? { type: "data", array: error, ...bars } : undefined,
    error_x: wide ? { type: "data", symmetric: false, array: x.map((value, at) => x_high[at] - value),
      arrayminus: x.map((value, at) => value - x_low[at]), ...bars } : undefined,
    text: (pulses ?? []).map((value) => `${whole(value)} pulses`),
    hovertemplate: "%{x:.6~g}: %{y:.5~g}<br>%{text}<extra></extra>",
  };
}

function layoutOf({ of, log, log_units, units }, theme) {
  return layout(theme, {
    xaxis: axis(theme, { title: axisTitle(log, log_units) }),
    yaxis: axis(theme, { title: axisTitle(inWords(of), units), rangemode: "tozero" }),
    uirevision: JSON.stringify([of, log]),
  });
}

/** What a curve is of: the name alone of a region or metric. */
const inWords = (of) => (of === "total" ? "all events" : of.replace(/^(region|metric):/, "").replace(/^monitor:/, "monitor "));

function nothing(answer) {
  if (answer instanceof Error) return `The curve cannot be shown: ${answer.message}`;
  return answer ? answer.note || "No pulse has a value of this log yet." : "No log with numbers has come in this run yet.";
}

function said({ run, of, log, log_units, x, mean, units, pulses, note, at }) {
  const highest = mean.reduce((top, value, place) => (value !== null && (top < 0 || value > mean[top]) ? place : top), -1);
  const sum = (pulses ?? []).reduce((total, value) => total + (value ?? 0), 0);
  const number = (value, digits, unit) => `${Number(value.toPrecision(digits))} ${inSigns(unit)}`.trimEnd();
  const top = highest < 0 ? "" : `highest ${number(mean[highest], 4, units)} at ${number(x[highest], 5, log_units)}`;
  const what = `${inWords(of)} over ${log}, run ${run}: ${x.length} points`;
  const parts = [what, sum ? `${whole(sum)} pulses` : "", top, note, at ? when(at) : ""];
  return `${parts.filter(Boolean).join(" · ")}.`;
}
