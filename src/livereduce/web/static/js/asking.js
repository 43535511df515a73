// What the page asks the daemon for, by whoever has the token: restart, promote, take back. The token is sent once and kept
// nowhere.

import { promote, restart, takeBack } from "./api.js";
import { byId, element, keep, put, show } from "./dom.js";
import { fileName, when } from "./text.js";

/** The form that asks for a restart. */
export function restartForm(id) {
  byId("restart").addEventListener("submit", (event) => {
    event.preventDefault();
    ask({ token: byId("token"), answer: byId("restart-answer"), undone: "Not restarted" }, (token) => restart(id, token));
  });
}

/**
 * The form that promotes the scripts of the shadow, and takes them back.
 *
 * @returns {function(object)} to be called with the server's answer about the instrument
 */
export function promoteForm(id) {
  let seen = "";
  byId("promote").addEventListener("submit", (event) => {
    event.preventDefault();
    const back = event.submitter?.id === "take-back";
    const fields = { token: byId("promote-token"), answer: byId("promote-answer"), undone: back ? "Not taken back" : "Not promoted" };
    ask(fields, (token) => (back ? takeBack(id, token) : promote(id, token, seen)));
  });
  return ({ shadow, status, restartable }) => {
    show(byId("promote-box"), Boolean(restartable && shadow));
    if (!shadow) return;
    seen = shadow.seen;
    byId("promote-now").disabled = !seen;
    showFiles(byId("promote-files"), seen ? shadow.files : {}, seen ? status?.files ?? {} : {});
  };
}

/** What each file would become: modules that the shadow does not import stay, a script that it does not have goes. */
function showFiles(list, files, in_use) {
  const there = new Map(Object.entries(in_use).map(([path, md5]) => [fileName(path), md5]));
  const comes = new Set(Object.keys(files).map(fileName));
  const rows = Object.entries(files).map(([path, md5]) => {
    const name = fileName(path);
    const how = there.get(name) === md5 ? "the same" : "changed";
    return [path, `${name} (md5 ${md5.slice(0, 7)}), ${there.has(name) ? how : "new"}`];
  });
  const goes = Object.keys(in_use).filter((path) => /_live_(post_)?proc\.py$/.test(path) && !comes.has(fileName(path)));
  rows.push(...goes.map((path) => [path, `${fileName(path)}, removed`]));
  keep(list, rows, ([path]) => path, () => element("li"), (node, [path, text]) => {
    put(node, text);
    node.title = path;
  });
}

async function ask({ token, answer, undone }, send) {
  put(answer, "Sending the request …");
  try {
    const { text } = await send(token.value);
    token.value = "";
    put(answer, `${when(new Date())}: ${text}.`);
  } catch (error) {
    put(answer, `${undone}: ${error.message}`);
  }
}
