// The spectra of all regions that are shown, in one plot.

import { choices, choose } from "../../address.js";
import { curveLayout, curveTraces } from "../../curve.js";
import { byId, put, show } from "../../dom.js";
import { clear, colours, draw, wholeRange } from "../../plot.js";
import { when, whole } from "../../text.js";
import { spectrum } from "../ask.js";
import { fewAtOnce } from "../few_at_once.js";

const AT_ONCE = 6; // more questions would keep the picture waiting
const FEW = 4; // with more curves, errors hide what is behind them

/** The panel: a function that fetches and draws what has changed. */
export function spectraPanel(id, store, changed) {
  const node = byId("spectra");
  let drawn = "";
  let shown = [];
  let count = 0;

  const log = (name) => choices()[name] === "1";
  for (const name of ["logx", "logy"]) {
    byId(`spectra-${name}`).addEventListener("change", (event) => {
      choose({ [name]: event.target.checked ? "1" : "" });
      changed();
    });
  }
  byId("spectra-choice").addEventListener("submit", (event) => event.preventDefault());
  byId("spectra-whole").addEventListener("click", () => wholeRange(node));

  const asked = (one) => spectrum(id, one).then((payload) => ({ one, payload }), (error) => ({ one, error }));

  return async () => {
    for (const name of ["logx", "logy"]) byId(`spectra-${name}`).checked = log(name);
    const answers = await fewAtOnce(store.shown(), AT_ONCE, asked);
    const there = answers.filter(({ payload }) => payload);
    const theme = colours();
    const each = answers.map(({ one, error }) => [one.key, one.colour_at, error?.message]);
    const mark = JSON.stringify([theme.ink, log("logx"), log("logy"), each]);
    if (mark === drawn && there.length === shown.length && there.every(({ payload }, at) => payload === shown[at])) return;
    [drawn, shown] = [mark, there.map(({ payload }) => payload)];
    show(node, there.length > 0);
    show(byId("no-spectra"), answers.length === 0);
    put(byId("spectra-text"), answers.map(said).join(" "));
    if (there.length) await plot(there, theme);
    else clear(node);
    Object.assign(node.dataset, { regions: there.map(({ one }) => one.region.name).join(","), drawn: ++count });
  };

  function plot(there, theme) {
    const traces = there.flatMap(({ one, payload }) => curveTraces(payload, {
      label: one.region.name, colour: theme.traces[one.colour_at], old: false, errors: there.length <= FEW,
    }));
    const revision = JSON.stringify([log("logx"), log("logy")]);
    const first = { ...there[0].payload, name: "counts", units: "" };
    node.setAttribute("aria-label", `Spectra. ${there.map(said).join(" ")}`);
    return draw(node, traces, curveLayout(first, theme, {
      logx: log("logx"), logy: log("logy"), several: true, revision,
    }));
  }
}

function said({ one, payload, error }) {
  const { name } = one.region;
  if (error) return `${name}: ${error.message}.`;
  const since = payload.since ? `, since ${when(payload.since)}` : "";
  return `${name}: ${whole(payload.counts)} counts in ${whole(payload.pixels_count)} pixels${since}.`;
}
