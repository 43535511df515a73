// What the page asks the daemon for, by whoever has the token: restart, promote, take back. The token is sent once and kept
// nowhere.

import { Refused, promote, restart, takeBack } from "./api.js";
import { byId, element, keep, put, show } from "./dom.js";
import { when } from "./text.js";

const WORDS = { same: "the same", changed: "changed", new: "new", removed: "removed" };

/** The form that asks for a restart. */
export function restartForm(id) {
  byId("restart").addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = { token: byId("token"), answer: byId("restart-answer"), buttons: byId("restart-buttons") };
    ask({ ...fields, undone: "Not restarted" }, (token) => restart(id, token));
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
    const fields = { token: byId("promote-token"), answer: byId("promote-answer"), buttons: byId("promote-buttons") };
    ask({ ...fields, undone: back ? "Not taken back" : "Not promoted" },
      (token) => (back ? takeBack(id, token) : promote(id, token, seen)));
  });
  return ({ shadow, restartable }) => {
    show(byId("promote-box"), Boolean(restartable && shadow));
    if (!shadow) return;
    seen = shadow.seen;
    byId("promote-now").disabled = !seen;
    showFiles(byId("promote-files"), shadow.changes);
  };
}

/** What each file would become, by its path in the script directory: only the server knows what is copied. */
function showFiles(list, changes) {
  keep(list, changes, (one) => one.path, () => element("li"), (node, { path, md5, how }) => {
    put(node, `${path}${md5 && ` (md5 ${md5.slice(0, 7)})`}, ${WORDS[how] ?? how}`);
  });
}

// One request at a time: a second click would be answered after the first one's deed, and tell the opposite of it.
export async function ask({ token, answer, buttons, undone }, send) {
  if (buttons.disabled) return;
  buttons.disabled = true;
  put(answer, "Sending the request …");
  try {
    const { text } = await send(token.value);
    token.value = "";
    put(answer, `${when(new Date())}: ${text}.`);
  } catch (error) {
    const known = error instanceof Refused; // else the request may have arrived all the same
    put(answer, `${known ? undone : "No answer; look whether it was done"}: ${error.message}`);
  } finally {
    buttons.disabled = false;
  }
}
