// The instrument page's head: state and reason, and the figures under it.

import { ago } from "./ages.js";
import { announce, byId, element, keep, put } from "./dom.js";
import { foldable } from "./folding.js";
import { memoryBar, showMemory } from "./memory.js";
import { earlierOf, reasonOf, showState, spoken, wordOf } from "./state.js";
import { short, span, when, whole } from "./text.js";

let before = "";
let folds = null;

/** The state and its reason, problems one by one, and what has happened lately. */
export function showHead(card, status) {
  const word = wordOf(card);
  put(byId("name"), card.name || card.id);
  showState(byId("state"), word);
  const problems = !card.down && card.state === "degraded" ? (status?.conditions ?? []) : [];
  const several = problems.length > 1;
  const why = several ? `${problems.length} problems` : reasonOf(card);
  put(byId("why"), `${why}${card.since ? `, since ${when(card.since)}` : ""}`);
  keep(byId("problems"), several ? problems : [], (one) => `${one.kind} ${one.text}`, () => element("li"),
    (node, one) => put(node, `${one.text} (since ${when(one.since)})`));
  put(byId("earlier"), earlierOf(card));
  folds ??= [foldable(byId("why")), foldable(byId("problems"))];
  for (const look of folds) look();
  document.documentElement.dataset.tone = byId("state").dataset.tone;
  document.title = `${card.name || card.id}: ${spoken(word)}`;
  if (before && before !== word) announce(`${card.name} is ${spoken(word)}: ${reasonOf(card)}`);
  before = word;
}

/** The figures; those that need a living daemon are empty without one. */
export function showReadings(card, status) {
  const { run = {}, total = {}, steps = {}, incomplete_runs: missed = [] } = status?.progress ?? {};
  const live = !card.down;
  const scripts_s = (steps.proc_s ?? 0) + (steps.post_proc_s ?? 0);
  const figures = [
    ["Run", card.run ? `${card.run}` : "–", live ? (card.run_state ?? "").replaceAll("_", " ") : ""],
    ["Events/s", live ? short(card.events_per_s) : "–", run.events ? `${whole(run.events)} in the run` : ""],
    ["Data age", live ? span(card.data_age_s) : "–", live ? ageNote(card, status) : ""],
    ["Last result", card.last_result_at ?? null, total.results ? `${whole(total.results)} results` : ""],
    ["Proton charge", run.proton_charge_pc ? charge(run.proton_charge_pc) : "–",
      run.pulses ? `${whole(run.pulses)} pulses` : ""],
    ["Script time", live && total.chunks ? span(scripts_s) : "–",
      total.chunks ? `proc ${span(steps.proc_s)}, post ${span(steps.post_proc_s)}` : ""],
    ["Memory", "memory", ""],
  ];
  if (missed.length) figures.push(["Earlier runs", `${missed.length} incomplete`, missed.join("; ")]);
  keep(byId("readings"), figures, ([name]) => name, make, (node, [name, value, note]) => {
    const cell = node.querySelector(".value");
    if (name === "Memory") {
      showMemory(node.querySelector(".bar"), cell, live ? card.memory_bytes : null, card.memory_limit_bytes);
    } else if (name === "Last result") {
      ago(cell, value);
    } else {
      put(cell, value);
    }
    put(node.querySelector(".note"), note);
  });
}

/** Why the data are old, if that is known. */
function ageNote(card, status) {
  const { source = {} } = status?.progress ?? {};
  if (!(card.data_age_s > 30)) return "";
  if (source.ended) return "the data have ended";
  if (!source.connected) return "not connected";
  if (card.run_state !== "running") return "no pulses are expected";
  return source.no_pulses_since ? "no pulses come" : "the pulses that come are old: a replay, or a backlog";
}

function make([name]) {
  const value = element("span", { class: "value" });
  const more = name === "Memory" ? [memoryBar()] : [];
  return element("div", {},
    element("dt", {}, name), element("dd", {}, value, ...more, element("span", { class: "note" })));
}

/** A charge in the unit that people at the beamline use: µAh, unless it is too small for that. */
function charge(pc) {
  const uah = pc / 3.6e9;
  if (uah >= 999.5) return `${short(uah / 1000)} mAh`;
  return uah >= 0.01 ? `${short(uah)} µAh` : `${short(pc / 1e6)} µC`;
}
