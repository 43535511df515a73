// Two-dimensional products as an image with a color scale.

import { rangeOf } from "./curve.js";
import { axis, axisTitle, layout, plain, power } from "./plot.js";
import { inSigns } from "./text.js";

/** Decimal logarithms; values without one are left out. */
export const logarithms = (rows) => rows.map((row) => row.map((value) => (value > 0 ? Math.log10(value) : null)));

/** The trace of an image: the first axis of the product upwards, the second to the right. */
export function imageTraces(product, theme, { logz, diverging = false }) {
  const z = logz ? logarithms(product.signal) : product.signal;
  const [up, across] = product.axes;
  const trace = {
    type: "heatmap", z, x: across.values, y: up.values, hoverongaps: false,
    ...(diverging ? { colorscale: "RdBu", zmid: 0 } : { colorscale: "Viridis" }),
    colorbar: {
      title: { text: plain(inSigns(product.units)), side: "right" },
      thickness: 14, outlinewidth: 0, tickcolor: theme.quiet, tickfont: { color: theme.ink },
      exponentformat: "power", minexponent: 6, separatethousands: true,
    },
    hovertemplate: `${plain(across.name)} %{x:.5~g}<br>${plain(up.name)} %{y:.5~g}<br>%{z:.5~g}<extra></extra>`,
  };
  return [logz ? { ...trace, ...logScale(product.signal, z, trace) } : trace];
}

function logScale(signal, z, trace) {
  const range = extent(z);
  if (!range) return {};
  const exponents = [];
  for (let e = Math.ceil(range[0] - 1e-9); e <= range[1] + 1e-9; e++) exponents.push(e);
  const ticks = exponents.length > 1 ? { tickvals: exponents, ticktext: exponents.map(power) } : oneDecade(range);
  return {
    customdata: signal, colorbar: { ...trace.colorbar, ...ticks },
    hovertemplate: trace.hovertemplate.replace("%{z:.5~g}", "%{customdata:.5~g}"),
  };
}

// Within one decade there are no powers of ten to label the scale with.
function oneDecade([low, high]) {
  const tickvals = [0, 0.25, 0.5, 0.75, 1].map((part) => low + part * (high - low));
  return { tickvals, ticktext: tickvals.map((value) => String(Number((10 ** value).toPrecision(2)))) };
}

function extent(rows) {
  let low = Infinity;
  let high = -Infinity;
  for (const row of rows) {
    for (const value of row) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}

export function imageLayout(product, theme, { logx, x_range, revision }) {
  const [up, across] = product.axes;
  return layout(theme, {
    xaxis: axis(theme, { title: axisTitle(across.name, across.units), type: logx ? "log" : "linear", showgrid: false, ...rangeOf(x_range, logx) }),
    yaxis: axis(theme, { title: axisTitle(up.name, up.units), showgrid: false }),
    uirevision: revision,
  });
}
