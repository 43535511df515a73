// The timeline: data rates, duration and memory of the scripts, and events.

import { timeline } from "./api.js";
import { byId, element, keep, put, show } from "./dom.js";
import { axis, axisTitle, colours, draw, layout, onTheme, plain, timeTicks } from "./plot.js";
import { coalesced } from "./coalesced_fetch.js";
import { clustered } from "./marks.js";
import { when, wallClock, zone } from "./text.js";

// Each strip: what it shows, and the units for large and small values, with the least value for the larger.
const STRIPS = [
  { lines: [["events_per_s", "events/s"]], units: [["", 1, 0]], filled: true },
  { lines: [["proton_charge_pc", "proton charge"]], units: [["µAh", 1 / 3.6e9, 3.6e7], ["µC", 1e-6, 0]] },
  { lines: [["proc_s", "proc"], ["post_proc_s", "post_proc"]], units: [["s", 1, 0]] },
  { lines: [["memory_bytes", "memory"]], units: [["GB", 1e-9, 1e9], ["MB", 1e-6, 0]], filled: true },
];
const GAP = 0.085;
const SIDE_PX = 12;
const AXIS_PX = 44; // about what the numbers of the y axes take
const MARK_COLOUR = { restart: "bad", error: "bad", down: "bad", script: "warn", state: "quiet", run: "calm" };

/** Set up the panel; returns a function to call when something may have changed. */
export function timelinePanel(id) {
  let last = null;
  const render = async () => {
    if (last) await showLine(last);
  };
  onTheme(coalesced(render));
  return coalesced(async () => {
    last = await timeline(id);
    await render();
  }, { gap_ms: 5000, panel: byId("timeline").parentElement });
}

async function showLine(line) {
  const there = line.t.length > 1;
  show(byId("no-timeline"), !there);
  show(byId("timeline"), there);
  showMarks(line.marks);
  if (!there) return;
  const theme = colours();
  const strips = STRIPS.map((strip) => ({ ...strip, unit: unitFor(strip, line) }));
  await draw(byId("timeline"), traces(strips, line, theme), shape(strips, line, theme));
}

function unitFor(strip, line) {
  const most = Math.max(0, ...strip.lines.flatMap(([key]) => line[key].filter((value) => value !== null)));
  const [name, factor] = strip.units.find(([, , least]) => most >= least);
  return { name, factor };
}

const axisName = (place) => `y${place ? place + 1 : ""}`;

function traces(strips, line, theme) {
  const x = line.t.map(wallClock);
  return strips.flatMap(({ lines, unit, filled }, place) => lines.map(([key, name], which) => ({
    type: "scatter", mode: "lines", x, y: line[key].map((value) => (value === null ? null : value * unit.factor)), name,
    yaxis: axisName(place), line: { color: theme.traces[which], width: 1.4 }, connectgaps: false,
    ...(filled ? { fill: "tozeroy", fillcolor: `${theme.traces[which]}22` } : {}),
    hovertemplate: `${name}: %{y:.4~g} ${unit.name}<extra></extra>`,
  })));
}

function shape(strips, line, theme) {
  const height = (1 - GAP * strips.length) / strips.length;
  const bottoms = strips.map((_, place) => Math.max(0, 1 - (place + 1) * (height + GAP)));
  const axes = Object.fromEntries(strips.map((_, place) => [axisName(place).replace("y", "yaxis"),
    axis(theme, {
      domain: [bottoms[place], bottoms[place] + height], rangemode: "tozero", nticks: 4, showline: false, ticks: "",
    })]));
  const [from, to] = [Date.parse(line.t[0]), Date.parse(line.t.at(-1))];
  const { lines, labels } = clustered(line.marks, { from, to, width: byId("timeline").clientWidth - 2 * SIDE_PX - AXIS_PX });
  return layout(theme, {
    ...axes,
    xaxis: axis(theme, {
      title: axisTitle(`time, ${zone()}`), anchor: axisName(strips.length - 1), type: "date", range: [from, to].map(wallClock),
      showgrid: false, tickangle: 0, nticks: timeTicks(byId("timeline")), hoverformat: "%H:%M:%S",
    }),
    hovermode: "x", uirevision: "timeline", margin: { l: SIDE_PX, r: SIDE_PX, t: 16, b: 8 },
    shapes: lines.map((mark) => upright(mark, theme)),
    annotations: [...strips.map((strip, place) => titleOf(strip, bottoms[place] + height, theme)),
      ...labels.map((label) => labelOf(label, theme))],
  });
}

function titleOf({ lines, unit }, y, theme) {
  const inColour = (name, which) => `<span style="color:${theme.traces[which]}">${name}</span>`;
  const names = lines.map(([, name], which) => (lines.length > 1 ? inColour(name, which) : name));
  return {
    text: [names.join(", "), unit.name].filter(Boolean).join(" / "), showarrow: false,
    xref: "paper", yref: "paper", x: 0, y, xanchor: "left", yanchor: "bottom",
    font: { color: theme.quiet, size: 12 }, bgcolor: theme.panel, borderpad: 0,
  };
}

// What happened stands above, that of one moment together; all of it is in the list below.
function labelOf({ text, kind, at }, theme) {
  return {
    xref: "x", yref: "paper", x: wallClock(at), y: 1, xanchor: "left", yanchor: "bottom", showarrow: false, borderpad: 0,
    text: plain(text), font: { color: theme[MARK_COLOUR[kind]], size: 11 },
  };
}

function upright(mark, theme) {
  const x = wallClock(mark.at);
  const colour = theme[MARK_COLOUR[mark.kind] ?? "quiet"];
  return { type: "line", xref: "x", yref: "paper", x0: x, x1: x, y0: 0, y1: 1, line: { color: colour, width: 1, dash: "dot" } };
}

function showMarks(marks) {
  show(byId("marks-box"), marks.length > 0);
  put(byId("marks-title"), `${marks.length} ${marks.length === 1 ? "mark" : "marks"}: runs, restarts, changes`);
  const newest = marks.slice(-100).reverse();
  const make = () => element("li", {}, element("time"), element("b"), element("span"));
  keep(byId("marks"), newest, (mark) => `${mark.t} ${mark.kind} ${mark.text}`, make, (node, mark) => {
    put(node.querySelector("time"), when(mark.t));
    put(node.querySelector("b"), mark.kind);
    put(node.querySelector("span"), mark.text);
    node.dataset.kind = mark.kind;
  });
}
