// The results of the scripts beside those in use: which to show, and in words how they differ.

import { byId, put, show } from "./dom.js";
import { productsOf } from "./selection.js";

export const LIVE = "";
const WORDS = { shadow: "of the shadow", both: "in use and of the shadow", difference: "shadow less in use, in sigmas" };

/** What of the run there is to choose from, and the entry of the chosen product in both sets. */
export function offered(beside, run, runs, shadow) {
  const live = productsOf(run, runs);
  const its = beside === LIVE ? [] : productsOf(run, shadow?.runs ?? []);
  const known = new Set(live.map((one) => one.name));
  return { live, its, all: [...live, ...its.filter((one) => !known.has(one.name))] };
}

/** The view as it is chosen; without a shadow there is none. */
export const besideOf = (asked, shadow) => (shadow && asked in WORDS ? asked : LIVE);

/** A label for what is drawn. */
export const spokenBeside = (beside) => WORDS[beside] ?? "";

/** Say below the plot what the shadow does and how its result differs; `found` is the server's answer, or why there is none. */
export function showCompared(beside, { shadow, run, name, live, its, found }) {
  const box = byId("compared");
  show(box, beside !== LIVE);
  if (beside === LIVE) return put(box, "");
  const said = [];
  if (!shadow.is_running) said.push(`Shadow: ${shadow.why}.`);
  if (!its) said.push(`The shadow has no ${name ?? "result"} of run ${run} yet.`);
  if (!live) said.push(`The scripts in use have no ${name ?? "result"} of run ${run}.`);
  if (its && shadow.outdated.includes(run)) said.push("This result of the shadow was made by scripts that it does not run any more.");
  if (live && shadow.outdated_in_use.includes(run)) said.push("The result in use was made by scripts that do not run any more.");
  if (found instanceof Error) said.push(`The difference is not known: ${found.message}.`);
  else if (found) said.push(`The shadow against the scripts in use: ${found.text}.`);
  if (found?.events_shadow !== found?.events_in_use) said.push("They have not had the same events yet: that is a part of the difference.");
  put(box, said.join(" "));
}
