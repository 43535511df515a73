// A run that has no result yet: the last result is shown instead, and says so.

import { byId, put, show } from "./dom.js";
import { reasonOf, toneOf, wordOf } from "./state.js";

/** Show which run is drawn in place of `without`, and why; nothing if that is null. */
export function showInstead(run, without, { card, status }) {
  const box = byId("instead");
  show(box, without !== null);
  for (const name of ["shown", "grid"]) byId(name).toggleAttribute("data-instead", without !== null);
  if (without === null) return;
  const which = without ? `Run ${without} has` : "There is";
  const drawn = run ? `run ${run}` : "data between runs";
  const why = whyNone(card, status);
  put(box, `${which} no result yet: ${why}${why.endsWith("…") ? "" : "."} Shown is the last result, of ${drawn}.`);
}

const MOST = 160; // all of it stands in the head of the page

const shortened = (text) => (text.length > MOST ? `${text.slice(0, MOST).trim()} …` : text.trim().replace(/\.$/, ""));

/** Why there is no result. Pure. */
export function whyNone(card, status) {
  if (card.down || ["warn", "bad"].includes(toneOf(wordOf(card)))) return shortened(reasonOf(card));
  const chunks = status?.progress?.run?.number === card.run ? status?.progress?.run?.chunks ?? 0 : 0;
  return chunks ? "the scripts have not made one" : "no data have been given to the scripts";
}
