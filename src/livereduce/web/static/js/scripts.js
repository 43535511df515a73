// What the two scripts are, what they printed, and the last traceback. All of it is text of other people.

import { output } from "./api.js";
import { byId, element, keep, put, show } from "./dom.js";
import { pulling } from "./pull.js";
import { fileName, when } from "./text.js";

/** The panel; the answer is a function to call when something may have changed. */
export function scriptsPanel(id) {
  return pulling(async () => draw(await output(id)), { gap_ms: 1000 });
}

function draw({ printed, traceback, script_hashes }) {
  keep(byId("hashes"), script_hashes ?? [], (one) => one.step, make, update);
  show(byId("no-error"), !traceback);
  show(byId("traceback"), Boolean(traceback));
  put(byId("traceback"), traceback || "");
  const lines = (printed ?? []).map((one) => (`${when(one.at)}  ${one.line}`));
  show(byId("nothing-printed"), lines.length === 0);
  show(byId("printed"), lines.length > 0);
  scrolled(byId("printed"), lines.join("\n"));
}

// Stays at the end, unless somebody is reading further up.
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
  put(node.querySelector("code"), one.md5.slice(0, 10));
  node.querySelector("code").title = `md5 ${one.md5}`;
  put(node.querySelector(".changed"), one.changed ? `since ${when(one.changed)}` : "");
}
