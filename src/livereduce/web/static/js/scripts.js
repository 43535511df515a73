// The two scripts and their parameters: versions, output, and last failure. All of it is untrusted text.

import { output } from "./api.js";
import { byId, element, keep, put, show } from "./dom.js";
import { coalesced } from "./coalesced_fetch.js";
import { showTraceback } from "./traceback.js";
import { fileName, timeOfDay, when, zone } from "./text.js";

/** Set up the panel; returns a function to call when something may have changed. */
export function scriptsPanel(id) {
  return coalesced(async () => draw(await output(id)), { gap_ms: 1000 });
}

/** What the scripts report and cannot be used, with its line. */
export function showComplaint(status) {
  const told = status?.progress?.last_errors?.reported ?? "";
  show(byId("reported"), told !== "");
  put(byId("reported"), told && `Not usable: ${told}`);
}

function draw({ printed, left_out, traceback, failure, script_hashes }) {
  keep(byId("hashes"), script_hashes, (one) => one.step, make, update);
  put(byId("failure"), failure ? told(failure) : "No script error.");
  byId("failure").classList.toggle("quiet", !failure || failure.well_again);
  byId("traceback").classList.toggle("over", Boolean(failure?.well_again));
  showTraceback(byId("traceback"), traceback, failure?.file ?? "");
  const missing = left_out ? `; the scripts print too much, ${left_out} lines are left out of the log` : "";
  put(byId("printed-title"), printed.length ? `Printed, times in ${zone()}${missing}` : "Printed");
  show(byId("nothing-printed"), printed.length === 0);
  show(byId("printed"), printed.length > 0);
  scrolled(byId("printed"), printed.map((one) => `${timeOfDay(one.at)}  ${one.script && `${one.script}  `}${one.line}`).join("\n"));
}

function told(failure) {
  const line = failure.line ? ` in line ${failure.line}` : "";
  const where = `${failure.step} failed${line}${failure.run ? `, run ${failure.run}` : ""}, at ${when(failure.at)}`;
  return failure.well_again ? `${where}. The same script has produced a result since then.` : `${where}.`;
}

// Stay at the end, unless somebody has scrolled up.
function scrolled(node, text) {
  const atEnd = node.scrollHeight - node.scrollTop - node.clientHeight < 8;
  const first = node.textContent === "";
  put(node, text);
  if (atEnd || first) node.scrollTop = node.scrollHeight;
}

function make() {
  return element("li", {}, element("span", { class: "step" }), element("span", { class: "file" }),
    element("code"), element("span", { class: "changed" }));
}

function update(node, one) {
  put(node.querySelector(".step"), one.step);
  put(node.querySelector(".file"), fileName(one.path));
  node.querySelector(".file").title = one.path;
  put(node.querySelector("code"), `md5 ${one.md5.slice(0, 12)}`);
  node.querySelector("code").title = one.md5;
  const times = [one.changed && `in use since ${when(one.changed)}`, one.modified && `saved ${when(one.modified)}`];
  put(node.querySelector(".changed"), times.filter(Boolean).join(", "));
}
