// The two plots below the run table: a column against another, and the results of chosen runs over each other.

import { product } from "./api.js";
import { curveLayout, curveTraces } from "./curve.js";
import { byId, put, show } from "./dom.js";
import { axis, axisTitle, clear, colours, draw, layout, plain, timeTicks } from "./plot.js";
import { wallClock, zone } from "./text.js";
import { oneTime, oneValue, wholeNumbers } from "./ticks.js";

const MAX_VALUES = 3000;
/** Most results over each other: more cannot be told apart. */
export const MAX_OVERLAID = 16;

/** Draw a column against another: a point for each row that has both; `all` rows decide which set has which colour. */
export async function drawAgainst(rows, all, x, y) {
  const node = byId("against");
  const there = rows.filter((row) => x.value(row) !== null && y.value(row) !== null);
  show(node, there.length > 0);
  show(byId("no-against"), there.length === 0);
  node.dataset.points = there.length;
  if (!there.length) return clear(node);
  const theme = colours();
  const sets = [...new Set(all.toReversed().map((row) => row.script_set))]; // the oldest first: colours stay when runs come
  const traces = sets.map((set, place) => points(there.filter((row) => row.script_set === set), { set, x, y },
    theme.traces[place % theme.traces.length])).filter((trace) => trace.x.length);
  node.setAttribute("aria-label", `${y.label} against ${x.label}, ${there.length} runs`);
  await draw(node, traces, layout(theme, {
    xaxis: axis(theme, { title: title(x), ...(x.time ? { nticks: timeTicks(node), tickangle: 0 } : {}), ...suited(x, there) }),
    yaxis: axis(theme, { title: title(y), ...suited(y, there) }),
    showlegend: traces.length > 1, margin: { l: 12, r: 12, t: traces.length > 1 ? 34 : 10, b: 8 },
    uirevision: JSON.stringify([x.key, y.key]),
  }));
}

const title = (column) => axisTitle(column.name ?? column.label.replace(/ \(.*\)$/, ""), column.time ? zone() : column.units);
/** The kind of an axis, and ticks that suit one point, or whole numbers. */
function suited(column, rows) {
  const values = rows.map(column.value);
  if (column.time) return { type: "date", ...oneTime(values.map((seconds) => seconds * 1000)) };
  const whole = column.key === "run" ? wholeNumbers(values) : {};
  return { ...whole, ...oneValue(values, rows.map((row) => column.error?.(row) ?? 0)) };
}

const place = (column, row) => (column.time ? wallClock(column.value(row) * 1000) : column.value(row));

function points(rows, { set, x, y }, colour) {
  const bars = (column) => {
    const errors = rows.map((row) => column.error?.(row) ?? null);
    const there = errors.some((error) => error !== null);
    return there ? { type: "data", array: errors, color: colour, thickness: 0.8, width: 0 } : undefined;
  };
  return {
    type: "scatter", mode: "markers", name: plain(set ? `scripts ${set}` : "scripts not known"),
    x: rows.map((row) => place(x, row)), y: rows.map((row) => place(y, row)), error_x: bars(x), error_y: bars(y),
    marker: { size: 7, color: colour }, text: rows.map((row) => plain(`run ${row.run} ${row.title}`)),
    hovertemplate: "%{text}<br>%{x}: %{y:.5~g}<extra></extra>",
  };
}

/**
 * Draws the results of runs over each other; what was fetched is kept until there is a newer version.
 *
 * @returns {function({runs: Array, product: string, logx: boolean, logy: boolean})} `runs` are `{run, version}`
 */
export function overlay(id) {
  const node = byId("plot");
  let kept = new Map();

  async function fetched({ run, version }, name, got) {
    const key = `${run} ${version} ${name}`;
    const payload = kept.get(key) ?? await product(id, { run, name, max_points: MAX_VALUES });
    got.set(key, payload);
    return { run, payload };
  }

  return async ({ runs, name, logx, logy }) => {
    const got = new Map();
    const asked = runs.slice(0, MAX_OVERLAID).map((one) => (one.version
      ? fetched(one, name, got).catch((error) => ({ run: one.run, payload: null, error })) : { run: one.run, payload: null }));
    const answers = await Promise.all(asked);
    kept = got;
    const there = answers.filter(({ payload }) => payload?.kind === "1d");
    show(node, there.length > 0);
    show(byId("no-overlay"), there.length === 0);
    put(byId("no-overlay"), nothing(runs, answers));
    put(byId("left"), said(runs, answers));
    Object.assign(node.dataset, { runs: there.map(({ run }) => run).join(" "), name });
    if (!there.length) return clear(node);
    const theme = colours();
    const few = there.length <= 4;
    const traces = there.flatMap(({ run, payload }, place) => curveTraces(payload, {
      label: `run ${run}`, errors: few, old: false, colour: theme.traces[place % theme.traces.length],
    }));
    node.setAttribute("aria-label", `${name} of runs ${there.map(({ run }) => run).join(", ")}`);
    const revision = JSON.stringify([name, logx, logy]);
    await draw(node, traces, curveLayout(there[0].payload, theme, { logx, logy, several: true, revision }));
  };
}

const failed = (answers) => answers.filter(({ error }) => error);

function nothing(runs, answers) {
  if (!runs.length) return "Tick runs in the table to see their results here.";
  return failed(answers).length ? "The curves cannot be shown now." : "None of the chosen runs has a curve of this name.";
}

function said(runs, answers) {
  const without = answers.filter(({ payload, error }) => !error && payload?.kind !== "1d").map(({ run }) => run);
  const [first, ...others] = failed(answers);
  const parts = first ? [`Cannot be shown now: ${[first, ...others].map(({ run }) => run).join(", ")} (${first.error.message}).`] : [];
  if (without.length && without.length < answers.length) parts.push(`Without a curve of this name: ${without.join(", ")}.`);
  if (runs.length > MAX_OVERLAID) parts.push(`Only the first ${MAX_OVERLAID} of ${runs.length} are drawn.`);
  return parts.join(" ");
}
