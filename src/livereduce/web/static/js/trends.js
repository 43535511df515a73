// Metrics that the scripts reported, over the run, and when they will be good enough.

import { choices, choose } from "./address.js";
import { trends } from "./api.js";
import { byId, element, keep, put, show } from "./dom.js";
import { axis, axisTitle, colours, draw, layout, onTheme, timeTicks } from "./plot.js";
import { coalesced } from "./coalesced_fetch.js";
import { oneTime, oneValue } from "./ticks.js";
import { measured, percent, wallClock, when, withUnits, zone } from "./text.js";

/** Set up the panel; `runOf` returns the run that is shown, or null. Returns a function to call when something may have changed. */
export function trendsPanel(id, runOf) {
  let last = [];
  const plots = () => [...byId("trends").querySelectorAll(".trend-plot")];
  const render = () => Promise.all(plots().map((node, place) => plotMetric(node, last[place])));

  const pull = coalesced(async () => {
    const run = runOf();
    const answer = run === null ? { metrics: [], left_out: [] } : await trends(id, run, wantedFraction());
    last = answer.metrics;
    const left = answer.left_out.join(", ");
    put(byId("left-out"), left ? `Too many metrics in this run; left out: ${left}.` : "");
    show(byId("no-trends"), last.length === 0);
    show(byId("target-form"), last.length > 0);
    keep(byId("trends"), last, (metric) => metric.name, make, update);
    await render();
  }, { gap_ms: 1000, panel: byId("trends").parentElement });

  byId("target").value = choices().target ?? "";
  byId("target-form").addEventListener("submit", (event) => {
    event.preventDefault();
    choose({ target: byId("target").value });
    pull();
  });
  onTheme(coalesced(render));
  return pull;
}

function wantedFraction() {
  const wanted = Number(choices().target);
  return wanted > 0 && wanted <= 100 ? wanted / 100 : null;
}

function make(metric) {
  const figures = ["newest", "mean", "spread", "relative error"].map((name) =>
    element("div", {}, element("dt", {}, name), element("dd", { "data-figure": name })));
  return element("article", { class: "trend" }, element("h3"), element("dl", {}, ...figures),
    element("p", { class: "reaches", "aria-live": "polite" }), element("div", { class: "trend-plot", role: "img" }),
    element("p", { class: "note quiet" }));
}

function update(node, metric) {
  const figure = (name, text) => put(node.querySelector(`[data-figure="${name}"]`), text);
  put(node.querySelector("h3"), withUnits(metric.name, metric.units));
  const newest = measured(metric.value.at(-1), metric.error?.at(-1));
  figure("newest", newest);
  figure("mean", measured(metric.mean, null));
  figure("spread", metric.std === null ? "–" : String(Number(metric.std.toPrecision(2))));
  figure("relative error", percent(metric.relative_error));
  put(node.querySelector(".reaches"), reached(metric.reaches));
  node.querySelector(".reaches").title = metric.reaches?.how ?? "";
  put(node.querySelector(".note"), metric.note);
  const words = `${metric.name} over time, ${metric.value.length} values, newest ${newest}`;
  node.querySelector(".trend-plot").setAttribute("aria-label", words);
}

function reached(reaches) {
  if (!reaches) return "";
  return reaches.at ? `${reaches.text} (${when(reaches.at)})` : reaches.text;
}

async function plotMetric(node, metric) {
  if (!node || !metric?.t.length) return;
  const theme = colours();
  const bars = { type: "data", array: metric.error, thickness: 0.8, width: 0, color: theme.traces[0] };
  const errors = metric.error?.some((value) => value !== null) ? bars : undefined;
  const trace = {
    type: "scatter", mode: metric.t.length > 80 ? "lines" : "lines+markers",
    x: metric.t.map(wallClock), y: metric.value, error_y: errors,
    line: { color: theme.traces[0], width: 1.4 }, marker: { size: 4, color: theme.traces[0] },
    hovertemplate: "%{x|%H:%M:%S}: %{y:.5~g}<extra></extra>",
  };
  await draw(node, [trace], layout(theme, {
    xaxis: axis(theme, {
      type: "date", title: axisTitle(`time, ${zone()}`), nticks: timeTicks(node), tickangle: 0,
      ...oneTime(metric.t.map((time) => Date.parse(time))),
    }),
    yaxis: axis(theme, { nticks: 5, ...oneValue(metric.value, metric.error ?? []) }), uirevision: metric.name,
  }));
}
