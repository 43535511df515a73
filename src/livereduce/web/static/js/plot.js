// Common parts of all plots: theme colors, fonts, axes, drawing.

import { plotly } from "./plotly_load.js";
import { withUnits } from "./text.js";

const CONFIG = { displayModeBar: false, responsive: true, doubleClick: "reset", showTips: false };
const DIGIT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

// On a touch screen a finger on the plot scrolls the page.
const coarse = matchMedia("(pointer: coarse)");

/** The theme's colors, from the style sheets. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of("ink"), quiet: of("quiet"), rule: of("rule"), grid: of("grid"), panel: of("panel"), old: of("old"),
    bad: of("bad"), warn: of("warn"), calm: of("calm"),
    traces: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => of(`trace-${n}`)),
  };
}

/** Call when the theme changes between light and dark. */
export function onTheme(redraw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

/** A text for plotly, which takes some HTML in texts: names and units come from scripts and are shown as they are. */
export function plain(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const fontSize = () => parseFloat(getComputedStyle(document.body).fontSize) * 0.86;

export const axisTitle = (name, units) => ({ text: plain(withUnits(name, units)), standoff: 8, font: { size: fontSize() * 1.05 } });

/** Number of labels that fit on a time axis. */
export const timeTicks = (node) => Math.max(4, Math.min(9, Math.floor(node.clientWidth / 90)));

/** Ten to the power, as text. */
export const power = (exponent) => `10${[...String(exponent)].map((sign) => DIGIT[sign] ?? sign).join("")}`;

/** An axis in the theme's colors. */
export function axis(theme, more = {}) {
  return {
    gridcolor: theme.grid, linecolor: theme.quiet, tickcolor: theme.quiet, zeroline: false, showline: true, ticks: "outside",
    ticklen: 4, automargin: true, exponentformat: "power", minexponent: 6, separatethousands: true,
    ...(more.type === "log" ? { dtick: "D2" } : {}), ...more,
  };
}

/** A layout in the theme's colors and the page's font. */
export function layout(theme, more = {}) {
  const size = fontSize();
  return {
    font: { family: getComputedStyle(document.body).fontFamily, size, color: theme.ink },
    paper_bgcolor: "transparent", plot_bgcolor: "transparent",
    margin: { l: 12, r: 12, t: 10, b: 8 },
    hovermode: "closest", dragmode: coarse.matches ? false : "zoom",
    hoverlabel: { bgcolor: theme.panel, bordercolor: theme.quiet, font: { color: theme.ink, size } },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "transparent" },
    showlegend: false, separators: ". ",
    ...more,
  };
}

/** Draw a plot, or update it; resolves when it is on the screen. */
export async function draw(node, traces, shape) {
  const library = await plotly();
  await library.react(node, traces, shape, CONFIG);
  document.getElementById("js-plotly-tester")?.setAttribute("aria-hidden", "true"); // plotly measures texts there
}

/** Remove a plot. */
export async function clear(node) {
  if (node.classList.contains("js-plotly-plot")) (await plotly()).purge(node);
}

/** Show all data again, after zooming. */
export async function wholeRange(node) {
  const changes = {};
  for (const name of Object.keys(node.layout ?? {})) {
    if (/^[xy]axis\d*$/.test(name)) changes[`${name}.autorange`] = true;
  }
  if (Object.keys(changes).length) await (await plotly()).relayout(node, changes);
}
