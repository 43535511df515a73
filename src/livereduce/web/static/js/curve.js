// One-dimensional products as plotly's traces.

import { axis, axisTitle, layout, plain } from "./plot.js";
import { oneValue } from "./ticks.js";

// With more points, error bars become a gray block, and slow: then errors are drawn as a band.
const MAX_BARS = 400;

/** The middle of each bin if the axis has edges (one value more than the signal). */
export function centres(values, length) {
  if (values.length !== length + 1) return values;
  return Array.from({ length }, (_, i) => (values[i] + values[i + 1]) / 2);
}

/**
 * The traces of a curve.
 *
 * @param {object} product as the server gives it, of kind "1d"
 * @param {{label: string, colour: string, old: boolean, errors: boolean}} look
 */
export function curveTraces(product, look) {
  const x = centres(product.axes[0].values, product.signal.length);
  const binned = x !== product.axes[0].values;
  const line = {
    color: look.colour, width: look.old ? 1.2 : 1.6, shape: binned ? "hvh" : "linear", dash: look.old ? "dot" : "solid",
  };
  const main = {
    type: "scatter", x, y: product.signal, name: plain(look.label), line, connectgaps: false,
    mode: !binned && x.length <= 60 ? "lines+markers" : "lines", marker: { size: 5, color: look.colour },
    hovertemplate: "%{x:.6~g}: %{y:.5~g}<extra>%{fullData.name}</extra>",
  };
  if (!product.errors || !look.errors) return [main];
  if (x.length <= MAX_BARS) {
    main.error_y = { type: "data", array: product.errors, color: look.colour, thickness: 0.8, width: 0 };
    main.hovertemplate = "%{x:.6~g}: %{y:.5~g} ± %{error_y.array:.2~g}<extra>%{fullData.name}</extra>";
    return [main];
  }
  return [...band(x, product, look, line), main];
}

function band(x, product, look, line) {
  const known = (i) => product.signal[i] !== null && product.errors[i] !== null;
  const edge = (sign) => product.signal.map((value, i) => (known(i) ? value + sign * product.errors[i] : null));
  const common = { type: "scatter", x, mode: "lines", hoverinfo: "skip", showlegend: false, line: { ...line, width: 0 } };
  return [{ ...common, y: edge(-1) }, { ...common, y: edge(1), fill: "tonexty", fillcolor: look.colour, opacity: 0.25 }];
}

/** What an axis shows at first. */
export function rangeOf(range, log) {
  if (!range || (log && range[0] <= 0)) return {};
  return { range: log ? range.map(Math.log10) : range, autorange: false, ...(log ? withinDecade(range) : {}) };
}

// Within one decade there are hardly any powers of ten to label a logarithmic axis with.
function withinDecade([low, high]) {
  if (high / low >= 10) return {};
  const step = 10 ** Math.floor(Math.log10((high - low) / 2));
  const tickvals = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high * (1 + 1e-9) && tickvals.length < 30; n++) tickvals.push(n * step);
  const every = Math.ceil(tickvals.length / 8);
  return { tickmode: "array", tickvals, ticktext: tickvals.map((value, n) => (n % every ? "" : String(Number(value.toPrecision(4))))) };
}

/** The range of the values between two x, which plotly does not look for. */
function visible(product, [low, high], logy) {
  const x = centres(product.axes[0].values, product.signal.length);
  const seen = product.signal.flat().filter((value, i) => value !== null && (!logy || value > 0)
    && x[i % x.length] >= low && x[i % x.length] <= high);
  if (!seen.length) return {};
  const [least, most] = [seen.reduce((a, b) => Math.min(a, b)), seen.reduce((a, b) => Math.max(a, b))];
  if (logy) return { range: [Math.log10(least) - 0.1, Math.log10(most) + 0.1], autorange: false };
  const rest = (most - Math.min(0, least)) * 0.06 || 1;
  return { range: [least < 0 ? least - rest : 0, most + rest], autorange: false };
}

/** The layout of curves that share their axes with the first. */
export function curveLayout(product, theme, { logx, logy, x_range, several, revision }) {
  const across = product.axes[0];
  const x = centres(across.values, product.signal.length);
  const alone = x.length === 1 && !logx ? oneValue(x) : {};
  return layout(theme, {
    xaxis: axis(theme, { title: axisTitle(across.name, across.units), type: logx ? "log" : "linear", ...rangeOf(x_range, logx), ...alone }),
    yaxis: axis(theme, {
      title: axisTitle(product.name, product.units), type: logy ? "log" : "linear", rangemode: logy ? "normal" : "tozero",
      ...(x_range ? visible(product, x_range, logy) : {}),
    }),
    hovermode: "x", showlegend: several, uirevision: revision, margin: { l: 12, r: 12, t: several ? 34 : 10, b: 8 },
  });
}
